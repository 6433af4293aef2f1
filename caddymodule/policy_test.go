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
