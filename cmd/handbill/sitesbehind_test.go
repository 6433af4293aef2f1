package main

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"

	"handbill/engine/porttest"
)

// workshop fills a folder with a site's files; those that file_server sends compressed have a copy in each coding.
func workshop(t *testing.T) (folder string) {
	t.Helper()
	folder = t.TempDir()
	// Servers that give root up must get in.
	if err := os.Chmod(filepath.Dir(folder), 0o755); err != nil {
		t.Fatal(err)
	}
	page := "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Glue</title></head><body>\n" +
		strings.Repeat("<p>Hide glue is warmed to 60 degrees, and no more.</p>\n", 400) + "</body></html>\n"
	random := rand.NewChaCha8([32]byte{7})
	binary := make([]byte, 300_000)
	_, _ = random.Read(binary) // never fails
	large := bytes.Repeat(binary, 54)
	for name, content := range map[string]string{
		"index.html":      page,
		"glue.html":       page,
		"docs/index.html": page,
		"part.html":       "<p>Three shelves are left.</p>\n",
		"site.css":        strings.Repeat("main { margin: 0 auto; max-width: 40rem }\n", 300),
		"site.js":         strings.Repeat("document.title += ' ';\n", 300),
		"prices.json":     `{"shelf": "<html><head></head></html>", "price": 120}`,
		"prices.csv":      "item,price\nshelf,120\n",
		"feed.xml":        `<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"><title>News</title></feed>`,
		"drawing.svg":     `<svg xmlns="http://www.w3.org/2000/svg"><rect width="4" height="4"/></svg>`,
		"notes.txt":       "<html><head><title>not a page</title></head></html>\n",
		"manual.pdf":      "%PDF-1.7\n" + string(binary),
		"photo.png":       string(binary),
		"film.webm":       string(large),
		"index.php":       phpScript,
	} {
		writeFile(t, filepath.Join(folder, name), content)
	}
	for _, name := range []string{"glue.html", "site.css"} {
		precompress(t, filepath.Join(folder, name))
	}
	return folder
}

func precompress(t *testing.T, path string) {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var zipped, brotlied bytes.Buffer
	gzipWriter, brotliWriter := gzip.NewWriter(&zipped), brotli.NewWriter(&brotlied)
	for _, w := range []interface {
		Write([]byte) (int, error)
		Close() error
	}{gzipWriter, brotliWriter} {
		if _, err := w.Write(content); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
	encoder, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, path+".gz", zipped.String())
	writeFile(t, path+".br", brotlied.String())
	writeFile(t, path+".zst", string(encoder.EncodeAll(content, nil)))
}

// phpScript answers in the ways of PHP applications.
const phpScript = `<?php
$page = "<!DOCTYPE html>\n<html><head><title>Orders</title></head><body>" . str_repeat("<p>An order.</p>\n", 400) . "</body></html>";
switch ($_GET["as"] ?? "page") {
case "page": echo $page; break;
case "compressed": ob_start("ob_gzhandler"); echo $page; break;
case "json": header("Content-Type: application/json"); header("X-Order: 17", false); header("X-Order: 18", false); echo json_encode(["html" => $page]); break;
case "download": header("Content-Disposition: attachment; filename=orders.html"); echo $page; break;
case "part": echo "<li>One more order</li>"; break;
case "redirect": header("Location: /orders/", true, 302); echo $page; break;
case "unchanged": http_response_code(304); header('ETag: "orders-7"'); break;
case "nothing": http_response_code(204); break;
case "flushed": header("Content-Type: text/plain"); foreach (range(1, 5) as $i) { echo str_repeat("$i", 5000); ob_flush(); flush(); } break;
case "cookies": setcookie("cart", "3"); setcookie("seen", "yes"); header("Cache-Control: no-transform"); echo $page; break;
}
`

// nginx starts an nginx that serves a folder, and compresses its style sheets.
func nginx(t *testing.T, root string) (address string) {
	t.Helper()
	address, home := porttest.Address(t), t.TempDir()
	config := filepath.Join(home, "nginx.conf")
	writeFile(t, config, strings.NewReplacer("ADDRESS", address, "ROOT", root, "HOME", home).Replace(`
daemon off;
master_process off;
worker_processes 1;
pid HOME/pid;
error_log stderr;
events {}
http {
	access_log off;
	client_body_temp_path HOME/body;
	proxy_temp_path HOME/proxy;
	fastcgi_temp_path HOME/fastcgi;
	uwsgi_temp_path HOME/uwsgi;
	scgi_temp_path HOME/scgi;
	types {
		text/html html;
		text/css css;
		text/javascript js;
		application/json json;
		text/csv csv;
		application/atom+xml xml;
		image/svg+xml svg;
		text/plain txt;
		application/pdf pdf;
		image/png png;
		video/webm webm;
	}
	gzip on;
	gzip_proxied any;
	gzip_types text/css;
	server {
		listen ADDRESS;
		root ROOT;
		location = /saved.html {
			alias ROOT/glue.html;
			add_header Content-Disposition "attachment; filename=glue.html";
		}
	}
}
`))
	run(t, address, "/usr/sbin/nginx", "-p", home, "-c", config)
	return address
}

// apache starts an Apache that serves a folder, and compresses its style sheets and pages.
func apache(t *testing.T, root string) (address string) {
	t.Helper()
	address, home := porttest.Address(t), t.TempDir()
	config := filepath.Join(home, "apache.conf")
	writeFile(t, config, strings.NewReplacer("ADDRESS", address, "ROOT", root, "HOME", home).Replace(`
ServerRoot HOME
ServerName shop.example.test
Listen ADDRESS
PidFile HOME/pid
ErrorLog HOME/log
Mutex file:HOME
User www-data
Group www-data
LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so
LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
LoadModule dir_module /usr/lib/apache2/modules/mod_dir.so
LoadModule mime_module /usr/lib/apache2/modules/mod_mime.so
LoadModule filter_module /usr/lib/apache2/modules/mod_filter.so
LoadModule deflate_module /usr/lib/apache2/modules/mod_deflate.so
LoadModule headers_module /usr/lib/apache2/modules/mod_headers.so
TypesConfig /etc/mime.types
StartServers 1
DocumentRoot ROOT
DirectoryIndex index.html
AddOutputFilterByType DEFLATE text/html text/css
<Directory ROOT>
	Require all granted
</Directory>
<Files part.html>
	Header set Vary HX-Request
</Files>
`))
	run(t, address, "/usr/sbin/apache2", "-X", "-f", config)
	return address
}

// phpFPM starts a php-fpm.
func phpFPM(t *testing.T) (address string) {
	t.Helper()
	found, err := filepath.Glob("/usr/sbin/php-fpm*")
	if err != nil || len(found) == 0 {
		t.Fatal("php-fpm is missing; run scripts/install-test-tools.sh")
	}
	address, home := porttest.Address(t), t.TempDir()
	config := filepath.Join(home, "fpm.conf")
	writeFile(t, config, strings.NewReplacer("ADDRESS", address, "HOME", home).Replace(`
[global]
pid = HOME/pid
error_log = HOME/log
daemonize = no
[www]
user = www-data
group = www-data
listen = ADDRESS
pm = static
pm.max_children = 2
`))
	run(t, address, found[len(found)-1], "--fpm-config", config)
	return address
}

// run starts a server in the foreground, waits until it answers, and ends it with the test.
func run(t *testing.T, address, program string, arguments ...string) {
	t.Helper()
	var output bytes.Buffer
	command := exec.Command(program, arguments...)
	command.Stdout, command.Stderr = &output, &output
	command.WaitDelay = 5 * time.Second
	// Its workers end with it.
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := command.Start(); err != nil {
		t.Fatalf("%v; run scripts/install-test-tools.sh", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- command.Wait() }()
	t.Cleanup(func() {
		_ = command.Process.Signal(syscall.SIGTERM) // it may have ended
		select {
		case <-ended:
		case <-time.After(5 * time.Second):
			_ = syscall.Kill(-command.Process.Pid, syscall.SIGKILL)
			<-ended
		}
	})
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if conn, err := net.DialTimeout("tcp", address, time.Second); err == nil {
			_ = conn.Close()
			return
		}
		select {
		case err := <-ended:
			ended <- err
			t.Fatalf("%s ended: %v\n%s", program, err, output.String())
		default:
		}
	}
	t.Fatal(fmt.Sprint(program, " does not answer on ", address))
}
