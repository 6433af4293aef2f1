package caddymodule

import (
	"strings"
	"testing"
)

func TestInlineSnippetMayLoadTheClientUnderTheSitesPolicy(t *testing.T) {
	e := start(t, "handbill "+messages(t, "monday")+" {\n\tstore memory\n}", `http://shop.example.com:PORT {
	handbill {
		snippet inline
	}
	header Content-Type "text/html; charset=utf-8"
	header Content-Security-Policy "script-src 'nonce-cjRuZDBt'"
	respond "<!doctype html><head><title>Shop</title>"
}`)
	page := e.get("http://shop.example.com/")
	policy := page.Header.Get("Content-Security-Policy")
	if !strings.Contains(page.body, `<head><script nonce="cjRuZDBt"`) || policy != "script-src 'nonce-cjRuZDBt' shop.example.com/_handbill/" {
		t.Errorf("%q with the policy %q", page.body, policy)
	}
}

func TestFirstPageCarriesTheNonceOfADeferredHeader(t *testing.T) {
	e := start(t, "handbill "+messages(t, "monday")+" {\n\tstore memory\n}", `http://shop.example.com:PORT {
	handbill
	header Content-Type "text/html; charset=utf-8"
	header >Content-Security-Policy "script-src 'nonce-cjRuZDBt'; connect-src 'self'"
	respond "<!doctype html><head><title>Shop</title>"
}`)
	if page := e.get("http://shop.example.com/"); !strings.Contains(page.body, `<head><script nonce="cjRuZDBt"`) {
		t.Errorf("%q with %v", page.body, page.Header)
	}
}

// An operator who deletes a field in the same directive has made Caddy set all of it late.
func TestALateHeaderOfTheOperatorKeepsAPageAsItIs(t *testing.T) {
	const text = "<!doctype html><head><title>Shop</title>"
	for _, field := range []string{"Handbill off", `Cache-Control "private, no-transform"`, "Content-Disposition attachment"} {
		e := start(t, "handbill "+messages(t, "monday")+" {\n\tstore memory\n}", `http://shop.example.com:PORT {
	handbill
	header /admin/* {
		`+field+`
		-Server
	}
	header Content-Type "text/html; charset=utf-8"
	respond "`+text+`"
}`)
		if page := e.get("http://shop.example.com/admin/orders"); page.body != text {
			t.Errorf("%s: %q with %v", field, page.body, page.Header)
		}
		if page := e.get("http://shop.example.com/"); !page.injected() {
			t.Errorf("%s: elsewhere %q", field, page.body)
		}
	}
}
