package inject_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"

	"handbill/inject"
)

// The package needs no Caddy: an Injector wraps any http.Handler, for example a
// httputil.ReverseProxy.
func Example() {
	site := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		io.WriteString(w, "<!doctype html><title>Shop</title><h1>Welcome</h1>")
	})
	injector := inject.New(inject.Options{
		Insertion: func(*http.Request, int, http.Header) (inject.Insertion, bool) {
			return inject.Insertion{
				Bytes:   []byte(`<script async src="/hello.js"></script>`),
				NonceAt: len("<script"),
				Version: "1",
			}, true
		},
		ErrorPages: true,
	})
	server := httptest.NewServer(injector.Handler(site))
	defer server.Close()

	response, err := http.Get(server.URL)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer response.Body.Close()
	page, err := io.ReadAll(response.Body)
	fmt.Println(string(page), err)
	// Output: <!doctype html><script async src="/hello.js"></script><title>Shop</title><h1>Welcome</h1> <nil>
}
