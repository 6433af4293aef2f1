package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// peer is another server that can insert text into the pages that it proxies.
type peer struct {
	name, program string
	arguments     []string // CONFIG and HOME stand for its files
	config        string   // ADDRESS, UPSTREAM, HOME and INSERT as well
	insert        string   // what INSERT is where it inserts
}

// snippetMarkup is what the peers insert: the same as Handbill does.
const snippetMarkup = `<script async src=\"` + snippetMark + `\" data-anonymous-in-app></script>`

var peers = []peer{
	{
		name: "nginx, sub_filter", program: "/usr/sbin/nginx", arguments: []string{"-p", "HOME", "-c", "CONFIG"},
		insert: `sub_filter "</head>" "` + snippetMarkup + `</head>"; proxy_set_header Accept-Encoding "";`,
		config: `
daemon off;
master_process off;
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
	keepalive_requests 100000000;
	upstream site {
		server UPSTREAM;
		keepalive 64;
		keepalive_requests 100000000;
	}
	server {
		listen ADDRESS;
		location / {
			proxy_pass http://site;
			proxy_http_version 1.1;
			proxy_set_header Connection "";
			INSERT
		}
	}
}
`,
	},
	{
		name: "Apache, mod_substitute", program: "/usr/sbin/apache2", arguments: []string{"-X", "-f", "CONFIG"},
		insert: "AddOutputFilterByType SUBSTITUTE text/html\nSubstitute \"s|</head>|" + snippetMarkup + "</head>|n\"\nRequestHeader unset Accept-Encoding",
		config: `
ServerRoot HOME
ServerName localhost
Listen ADDRESS
PidFile HOME/pid
ErrorLog HOME/log
Mutex file:HOME
User www-data
Group www-data
LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so
LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
LoadModule filter_module /usr/lib/apache2/modules/mod_filter.so
LoadModule headers_module /usr/lib/apache2/modules/mod_headers.so
LoadModule proxy_module /usr/lib/apache2/modules/mod_proxy.so
LoadModule proxy_http_module /usr/lib/apache2/modules/mod_proxy_http.so
LoadModule substitute_module /usr/lib/apache2/modules/mod_substitute.so
ThreadsPerChild 64
MaxRequestWorkers 64
MaxKeepAliveRequests 0
KeepAliveTimeout 60
ProxyPass / http://UPSTREAM/ enablereuse=on max=64
INSERT
`,
	},
}

// peerResult is the comparison of a peer with its own plain proxying, for one size of page.
type peerResult struct {
	name string
	comparison
}

// measurePeers loads the same pages through servers that insert text their own way.
func measurePeers(ctx context.Context, servers launcher, upstream string, rounds int) ([]peerResult, error) {
	var results []peerResult
	for _, other := range peers {
		rows, err := other.measure(ctx, servers, upstream, rounds)
		if err != nil {
			return nil, fmt.Errorf("%s: %w; scripts/install-test-tools.sh installs it", other.name, err)
		}
		results = append(results, rows...)
	}
	return results, nil
}

func (other peer) measure(ctx context.Context, servers launcher, upstream string, rounds int) ([]peerResult, error) {
	var p proxies
	defer func() { p.stop() }()
	var err error
	if p.with, err = other.start(ctx, servers, upstream, other.insert); err != nil {
		return nil, err
	}
	if p.without, err = other.start(ctx, servers, upstream, ""); err != nil {
		return nil, err
	}
	if p.control, err = other.start(ctx, servers, upstream, ""); err != nil {
		return nil, err
	}
	pages, err := p.measure(ctx, rounds, func(s *server, size int) contender {
		return contender{server: s, status: http.StatusOK, visitors: overHTTP1(s, navigations(s, "/page/"+strconv.Itoa(size)), false)}
	})
	if err != nil {
		return nil, err
	}
	var results []peerResult
	for _, page := range pages {
		results = append(results, peerResult{name: other.name + ", " + byteSize(page.size), comparison: page.comparison})
	}
	return results, nil
}

// start runs the peer with or without its insertion.
func (other peer) start(ctx context.Context, servers launcher, upstream, insert string) (*server, error) {
	s, home, err := servers.prepare()
	if err != nil {
		return nil, err
	}
	config := filepath.Join(home, "config")
	fill := strings.NewReplacer("ADDRESS", s.address, "UPSTREAM", upstream, "HOME", home, "CONFIG", config)
	text := fill.Replace(strings.Replace(other.config, "INSERT", insert, 1))
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		return nil, err
	}
	var arguments []string
	for _, argument := range other.arguments {
		arguments = append(arguments, fill.Replace(argument))
	}
	return s, s.run(ctx, nil, other.program, arguments...)
}
