package inject

import (
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"
	"time"
)

// TestWhatIsHeldOfASplicedPageIsBounded looks at the bytes that wait for a page's length;
// the splicer's own memory has a test of its own.
func TestWhatIsHeldOfASplicedPageIsBounded(t *testing.T) {
	const limit = 22 << 10
	body := gzipOf(t, "<!doctype html><html><head>"+noise(200_000))
	e := newExchange(10<<10, "Content-Encoding: gzip", "Content-Length: "+strconv.Itoa(len(body)))
	most := 0
	err := e.injector.ServeHTTP(e.sink, httptest.NewRequest(http.MethodGet, "/", nil), func(w http.ResponseWriter, _ *http.Request) error {
		for name, values := range e.header {
			w.Header()[name] = values
		}
		for rest := body; len(rest) > 0; {
			n := min(1000, len(rest))
			if _, err := w.Write(rest[:n]); err != nil {
				return err
			}
			rest = rest[n:]
			rw := w.(*responseWriter)
			rw.enter()
			most = max(most, len(rw.rewrite.raw)+len(rw.rewrite.buffer))
			rw.leave()
		}
		return nil
	})
	if err != nil || most > limit {
		t.Errorf("%d bytes were held, more than %d (%v)", most, limit, err)
	}
	if patienceTime > time.Millisecond {
		t.Errorf("a response waits %v", patienceTime)
	}
}
