package caddymodule

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"net/http/fcgi"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// page is a page of a site that knows nothing of Handbill.
const page = "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>%s</title></head><body><h1>%s</h1></body></html>\n"

// application answers every path with a page that names the path it was asked for; /gone is not found.
func application(t *testing.T) (address string) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		if r.URL.Path == "/gone" {
			w.WriteHeader(http.StatusNotFound)
		}
		fmt.Fprintf(w, page, r.URL.Path, r.URL.Path)
	}))
	t.Cleanup(server.Close)
	return server.Listener.Addr().String()
}

// php answers FastCGI requests as php-fpm does for a script that prints its name.
func php(t *testing.T) (address string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		_ = fcgi.Serve(listener, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/html; charset=UTF-8")
			fmt.Fprintf(w, page, "PHP", fcgi.ProcessEnv(r)["SCRIPT_FILENAME"])
		}))
	}()
	return listener.Addr().String()
}

// authority lets pass who has the cookie of a member.
func authority(t *testing.T) (address string) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if cookie, err := r.Cookie("member"); err != nil || cookie.Value != "yes" {
			http.Error(w, "who are you?", http.StatusUnauthorized)
		}
	}))
	t.Cleanup(server.Close)
	return server.Listener.Addr().String()
}

// member is the bcrypt hash of "workbench", at the least cost.
const member = "$2a$04$cM57QoRVZUxpCRx/DRkOUem67wHCnFdRHP/AUQPblrrVTEbtF869m"

func TestPagesAreInjectedAndTheEndpointAnswersWhereverTheDirectiveStands(t *testing.T) {
	app := application(t)
	root := t.TempDir()
	for _, name := range []string{"index.html", "404.html", "docs/index.html", "docs/glue/index.html"} {
		writeFile(t, filepath.Join(root, name), fmt.Sprintf(page, name, name))
	}
	writeFile(t, filepath.Join(root, "index.php"), "<?php")
	authorization := []string{"Authorization", "Basic aW5lczp3b3JrYmVuY2g="} // ines:workbench

	type visit struct {
		path     string
		headers  []string
		status   int
		injected bool
		contains string
		coding   string
	}
	for name, test := range map[string]struct {
		site   string
		prefix string // of the endpoint; default /_handbill
		visits []visit
		// headers are what the endpoint asks for, besides ours.
		headers []string
		// refused is the endpoint's status without them; 0: it asks for nothing.
		refused int
	}{
		"reverse_proxy": {
			site:   "handbill\nreverse_proxy " + app,
			visits: []visit{{path: "/pricing", status: 200, injected: true, contains: "<h1>/pricing</h1>"}},
		},
		"try_files to one document": {
			site: "handbill\nroot " + root + "\ntry_files {path} /index.html\nfile_server",
			visits: []visit{
				{path: "/", status: 200, injected: true},
				{path: "/app/settings", status: 200, injected: true, contains: "<h1>index.html</h1>"},
			},
		},
		"try_files, with a matcher on what the browser asked for": {
			site: "handbill /app/*\nroot " + root + "\ntry_files {path} /index.html\nfile_server",
			visits: []visit{
				{path: "/app/settings", status: 200, injected: true, contains: "<h1>index.html</h1>"},
				{path: "/elsewhere", status: 200, injected: false, contains: "<h1>index.html</h1>"},
			},
		},
		"rewrite": {
			site:   "handbill\nrewrite * /start{uri}\nreverse_proxy " + app,
			visits: []visit{{path: "/pricing", status: 200, injected: true, contains: "<h1>/start/pricing</h1>"}},
		},
		"rewrite, with skip on what the browser asked for": {
			site: "handbill {\n\tskip /admin/*\n}\nrewrite * /start{uri}\nreverse_proxy " + app,
			visits: []visit{
				{path: "/pricing", status: 200, injected: true},
				{path: "/admin/users", status: 200, injected: false, contains: "<h1>/start/admin/users</h1>"},
			},
		},
		"uri strip_prefix": {
			site:   "handbill\nuri strip_prefix /shop\nreverse_proxy " + app,
			visits: []visit{{path: "/shop/glue", status: 200, injected: true, contains: "<h1>/glue</h1>"}},
		},
		"uri strip_prefix around the endpoint": {
			site:   "handbill {\n\tprefix /shop/_handbill\n}\nuri strip_prefix /shop\nreverse_proxy " + app,
			prefix: "/shop/_handbill",
			visits: []visit{{path: "/shop/glue", status: 200, injected: true, contains: "<h1>/glue</h1>"}},
		},
		"inside handle": {
			site: "handle /static/* {\n\trespond \"static\"\n}\nhandle {\n\thandbill\n\treverse_proxy " + app + "\n}",
			visits: []visit{
				{path: "/pricing", status: 200, injected: true},
				{path: "/static/page", status: 200, injected: false, contains: "static"},
			},
		},
		"inside handle_path, with a prefix below it": {
			site:   "handle_path /app/* {\n\thandbill {\n\t\tprefix /app/_handbill\n\t}\n\treverse_proxy " + app + "\n}\nhandle {\n\treverse_proxy " + app + "\n}",
			prefix: "/app/_handbill",
			visits: []visit{
				{path: "/app/jobs", status: 200, injected: true, contains: "<h1>/jobs</h1>"},
				{path: "/about", status: 200, injected: false},
			},
		},
		"in front of handle_path, narrowed by a matcher": {
			site: "handbill /docs/*\nhandle_path /docs/* {\n\treverse_proxy " + app + "\n}\nhandle {\n\treverse_proxy " + app + "\n}",
			visits: []visit{
				{path: "/docs/glue", status: 200, injected: true, contains: "<h1>/glue</h1>"},
				{path: "/about", status: 200, injected: false},
			},
		},
		"a named matcher of two conditions": {
			site: "@members {\n\tpath /members/*\n\theader Cookie *member=yes*\n}\nhandbill @members\nreverse_proxy " + app,
			visits: []visit{
				{path: "/members/area", headers: []string{"Cookie", "member=yes"}, status: 200, injected: true},
				{path: "/members/area", status: 200, injected: false},
			},
		},
		"an expression that looks at the path": {
			site: "@shop expression {path}.startsWith(\"/shop/\")\nhandbill @shop\nrewrite * /index\nreverse_proxy " + app,
			visits: []visit{
				{path: "/shop/glue", status: 200, injected: true, contains: "<h1>/index</h1>"},
				{path: "/about", status: 200, injected: false},
			},
		},
		"inside route, in the order written": {
			site:   "route {\n\trewrite * /start{uri}\n\thandbill\n\treverse_proxy " + app + "\n}",
			visits: []visit{{path: "/pricing", status: 200, injected: true, contains: "<h1>/start/pricing</h1>"}},
		},
		"php_fastcgi": {
			site: "handbill\nroot " + root + "\nphp_fastcgi " + php(t) + "\nfile_server",
			visits: []visit{
				{path: "/shop/glue", status: 200, injected: true, contains: filepath.Join(root, "index.php")},
				{path: "/index.php", status: 200, injected: true},
			},
		},
		"basic_auth in front of everything": {
			site:    "basic_auth {\n\tines " + member + "\n}\nhandbill\nreverse_proxy " + app,
			visits:  []visit{{path: "/", status: 401}, {path: "/", headers: authorization, status: 200, injected: true}},
			headers: authorization,
			refused: 401,
		},
		"basic_auth in front of a part of the site": {
			site: "basic_auth /admin/* {\n\tines " + member + "\n}\nhandbill\nreverse_proxy " + app,
			visits: []visit{
				{path: "/", status: 200, injected: true},
				{path: "/admin/", status: 401},
				{path: "/admin/", headers: authorization, status: 200, injected: true},
			},
		},
		"forward_auth": {
			site:    "forward_auth " + authority(t) + " {\n\turi /check\n}\nhandbill\nreverse_proxy " + app,
			visits:  []visit{{path: "/", status: 401}, {path: "/", headers: []string{"Cookie", "member=yes"}, status: 200, injected: true}},
			headers: []string{"Cookie", "member=yes"},
			refused: 401,
		},
		"handle_errors with the directive": {
			site: "handbill\nroot " + root + "\nfile_server\nhandle_errors {\n\thandbill\n\trewrite * /{err.status_code}.html\n\tfile_server\n}",
			visits: []visit{
				{path: "/docs/", status: 200, injected: true},
				{path: "/gone", status: 404, injected: true, contains: "<h1>404.html</h1>"},
			},
		},
		"handle_errors with the directive, error pages off": {
			site: "handbill\nroot " + root + "\nfile_server\nhandle_errors {\n\thandbill {\n\t\terror_pages off\n\t}\n\trewrite * /{err.status_code}.html\n\tfile_server\n}",
			visits: []visit{
				{path: "/gone", status: 404, injected: false, contains: "<h1>404.html</h1>"},
			},
		},
		"handle_errors without the directive": {
			site: "handbill\nroot " + root + "\nfile_server\nhandle_errors {\n\trewrite * /{err.status_code}.html\n\tfile_server\n}",
			visits: []visit{
				{path: "/gone", status: 404, injected: false, contains: "<h1>404.html</h1>"},
			},
		},
		"encode, which compresses what was injected": {
			site:   "encode {\n\tgzip\n\tminimum_length 1\n}\nhandbill\nreverse_proxy " + app,
			visits: []visit{{path: "/pricing", headers: []string{"Accept-Encoding", "gzip"}, status: 200, injected: true, coding: "gzip"}},
		},
		"a response matcher": {
			site: "handbill {\n\tmatch {\n\t\tstatus 404\n\t}\n}\nreverse_proxy " + app,
			visits: []visit{
				{path: "/pricing", status: 200, injected: false},
				{path: "/gone", status: 404, injected: true},
			},
		},
		"the endpoint alone": {
			site:   "handbill {\n\tsnippet off\n}\nreverse_proxy " + app,
			visits: []visit{{path: "/pricing", status: 200, injected: false}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			e := start(t, "handbill "+messages(t, "monday")+" {\n\tstore memory\n}", "http://tallowby.test:PORT {\n"+test.site+"\n}")
			for _, v := range test.visits {
				got := e.get("http://tallowby.test"+v.path, v.headers...)
				if coding := got.Header.Get("Content-Encoding"); coding != v.coding {
					t.Errorf("%s: Content-Encoding %q, want %q", v.path, coding, v.coding)
				}
				if got.StatusCode != v.status || got.injected() != v.injected || !strings.Contains(got.body, v.contains) {
					t.Errorf("%s: status %d, injected %t; want %d, %t and %q\n%s", v.path, got.StatusCode, got.injected(), v.status, v.injected, v.contains, got.body)
				}
			}
			prefix := "/_handbill"
			if test.prefix != "" {
				prefix = test.prefix
			}
			if script := e.get("http://tallowby.test"+prefix+"/client.js", test.headers...); script.StatusCode != 200 || !strings.Contains(script.Header.Get("Content-Type"), "javascript") {
				t.Errorf("client.js: %s, %s", script.Status, script.Header.Get("Content-Type"))
			}
			if nothing := e.get("http://tallowby.test"+prefix+"/nothing", test.headers...); nothing.StatusCode != 404 || !strings.Contains(nothing.body, `"error"`) {
				t.Errorf("an unknown path below the prefix: %s %s", nothing.Status, nothing.body)
			}
			if test.refused != 0 {
				if refused := e.get("http://tallowby.test" + prefix + "/client.js"); refused.StatusCode != test.refused {
					t.Errorf("client.js without authorization: %s", refused.Status)
				}
				return
			}
			if ids := e.pollAt("http://tallowby.test/pricing", prefix); fmt.Sprint(ids) != "[monday]" {
				t.Errorf("poll: %v", ids)
			}
		})
	}
}

func TestEachSiteShowsItsOwnWorkspace(t *testing.T) {
	app := application(t)
	e := start(t, "handbill {\n\tworkspace shop "+messages(t, "sale")+"\n\tworkspace docs "+messages(t, "new-chapter")+"\n\tstore memory\n}", `
http://shop.test:PORT {
	handbill shop
	reverse_proxy `+app+`
}
http://docs.test:PORT {
	handbill docs {
		prefix /_messages
	}
	reverse_proxy `+app+`
}
http://plain.test:PORT {
	reverse_proxy `+app+`
}`)
	if ids := e.poll("http://shop.test/"); fmt.Sprint(ids) != "[sale]" {
		t.Errorf("the shop shows %v", ids)
	}
	if ids := e.pollAt("http://docs.test/", "/_messages"); fmt.Sprint(ids) != "[new-chapter]" {
		t.Errorf("the documentation shows %v", ids)
	}
	if docs := e.get("http://docs.test/"); !strings.Contains(docs.body, `src="/_messages/client.js"`) {
		t.Errorf("the documentation's page does not name its own prefix:\n%s", docs.body)
	}
	if plain := e.get("http://plain.test/_handbill/client.js"); plain.injected() || !strings.Contains(plain.body, "<h1>/_handbill/client.js</h1>") {
		t.Errorf("a site without the directive has an endpoint:\n%s", plain.body)
	}
}

func TestOneSiteShowsTwoWorkspacesOnItsParts(t *testing.T) {
	app := application(t)
	e := start(t, "handbill {\n\tworkspace shop "+messages(t, "sale")+"\n\tworkspace docs "+messages(t, "new-chapter")+"\n\tstore memory\n}", `
http://tallowby.test:PORT {
	handbill /docs/* docs {
		prefix /_docs
	}
	handbill shop
	reverse_proxy `+app+`
}`)
	for path, prefix := range map[string]string{"/docs/glue": "/_docs", "/cart": "/_handbill"} {
		got := e.get("http://tallowby.test" + path)
		if !strings.Contains(got.body, `src="`+prefix+`/client.js"`) || strings.Count(got.body, "<script") != 1 {
			t.Errorf("%s has not exactly the snippet of %s:\n%s", path, prefix, got.body)
		}
	}
}

// raw sends a request as written and returns the answer's bytes, without the time.
func raw(t *testing.T, address, request string) string {
	t.Helper()
	connection, err := net.DialTimeout("tcp", address, 5*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	if err := connection.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Fprint(connection, request); err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	if _, err := bufio.NewReader(connection).WriteTo(&text); err != nil {
		t.Fatal(err)
	}
	return regexp.MustCompile(`(?m)^Date: .*$`).ReplaceAllString(text.String(), "Date:")
}

func TestNotAByteChangesOnASiteWithoutTheDirective(t *testing.T) {
	root := t.TempDir()
	writeFile(t, filepath.Join(root, "index.html"), fmt.Sprintf(page, "Home", "Home"))
	writeFile(t, filepath.Join(root, "data.json"), `{"jobs": []}`)
	site := "http://plain.test:PORT {\n\tencode {\n\t\tgzip\n\t\tminimum_length 1\n\t}\n\troot " + root + "\n\tfile_server\n}\n"
	var requests []string
	for _, line := range []string{"GET / HTTP/1.1", "HEAD / HTTP/1.1", "GET /data.json HTTP/1.1", "GET /gone HTTP/1.1", "POST / HTTP/1.1", "GET / HTTP/1.1\r\nRange: bytes=5-20", "GET / HTTP/1.1\r\nAccept-Encoding: gzip"} {
		requests = append(requests, line+"\r\nHost: plain.test\r\nAccept: text/html\r\nConnection: close\r\n\r\n")
	}
	e := start(t, "", site)
	var without []string
	for _, request := range requests {
		without = append(without, raw(t, e.address(), request))
	}
	e.load("handbill "+messages(t, "monday")+" {\n\tstore memory\n}", site+"http://tallowby.test:PORT {\n\thandbill\n\troot "+root+"\n\tfile_server\n}\n")
	if !e.get("http://tallowby.test/").injected() {
		t.Fatal("the site with the directive is not injected, so this test proves nothing")
	}
	for i, request := range requests {
		if with := raw(t, e.address(), request); with != without[i] {
			t.Errorf("%q is answered differently:\n%s\nwithout Handbill:\n%s", request, with, without[i])
		}
	}
}
