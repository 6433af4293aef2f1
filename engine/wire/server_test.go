package wire_test

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"handbill/engine/wire"
)

const ordered = `{"batch":[{"type":"track","event":"Ordered","userId":"ada","messageId":"node-1"}]}`

func packed(t *testing.T, body string) string {
	t.Helper()
	var buffer bytes.Buffer
	writer := gzip.NewWriter(&buffer)
	if _, err := writer.Write([]byte(body)); err != nil {
		t.Fatal(err)
	}
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	return buffer.String()
}

func basic(user, password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
}

func TestServersNameTheSitesWriteKeyOrNone(t *testing.T) {
	page := http.Header{"Sec-Fetch-Site": {"same-origin"}, "Origin": {origin}}
	for name, test := range map[string]struct {
		header http.Header
		body   string
		status int
		says   string
	}{
		"the write key, as libraries send it":               {http.Header{"Authorization": {basic("shop-web", "")}}, ordered, 200, "success"},
		"another write key":                                 {http.Header{"Authorization": {basic("docs-web", "")}}, ordered, 401, "the write key is not this site's; use the write_key of its workspace"},
		"no write key in the basic authentication":          {http.Header{"Authorization": {basic("", "")}}, ordered, 401, "names no write key"},
		"a basic authentication that cannot be read":        {http.Header{"Authorization": {"Basic shop-web"}}, ordered, 401, "send the base64 of the write key and a colon"},
		"no authentication":                                 {http.Header{}, ordered, 200, "success"},
		"another write key in the body":                     {http.Header{}, strings.Replace(ordered, "{", `{"writeKey":"docs-web",`, 1), 401, "not this site's"},
		"the write key in the body":                         {http.Header{}, strings.Replace(ordered, "{", `{"writeKey":"shop-web",`, 1), 200, "success"},
		"a page that names the key of another system":       {page, strings.Replace(ordered, "{", `{"writeKey":"hosted-key",`, 1), 200, "success"},
		"a page of a site that asks its readers to sign in": {http.Header{"Sec-Fetch-Site": {"same-origin"}, "Authorization": {basic("editor", "of the site")}}, ordered, 200, "success"},
		"a packed body":                                     {http.Header{"Content-Encoding": {"gzip"}, "Authorization": {basic("shop-web", "")}}, packed(t, ordered), 200, "success"},
		"a body that is packed in another way":              {http.Header{"Content-Encoding": {"br"}}, ordered, 415, "send it plain, or as gzip"},
		"a body that only says that it is packed":           {http.Header{"Content-Encoding": {"gzip"}}, ordered, 400, "not the gzip that it says it is"},
		"a packed body that is cut off":                     {http.Header{"Content-Encoding": {"gzip"}}, packed(t, ordered)[:40], 400, "not the gzip that it says it is"},
		"a small body that is packed air":                   {http.Header{"Content-Encoding": {"gzip"}}, packed(t, strings.Repeat(" ", 600<<10)), 413, "larger than 524288 bytes when it is unpacked"},
		"a body that is too large":                          {http.Header{}, `{"batch":[{"event":"` + strings.Repeat("a", 600<<10) + `"}]}`, 413, "larger than 524288 bytes"},
		"a body that is no JSON":                            {http.Header{}, `{"batch":[`, 400, "not the JSON"},
		"too many events":                                   {http.Header{}, `{"batch":[` + strings.Repeat(`{"type":"track"},`, 500) + `{"type":"track"}]}`, 413, "send at most 500"},
	} {
		t.Run(name, func(t *testing.T) {
			library := newBrowser(t, newHandler(t, wire.Site{Anonymous: true}, shop))
			library.header = test.header
			answer := library.do("POST", "/_handbill/v1/batch", test.body)
			if body := text(t, answer); answer.StatusCode != test.status || !strings.Contains(body, test.says) {
				t.Errorf("status %d: %s", answer.StatusCode, body)
			}
			if asks := answer.Header.Get("WWW-Authenticate"); (asks != "") != (test.status == 401) {
				t.Errorf("WWW-Authenticate %q", asks)
			}
		})
	}
}

func TestABatchThatIsSentAgainCountsOnce(t *testing.T) {
	text := shop + `
[[messages]]
id = "regular"
pages = ["*"]
display = "banner"
position = "bottom"
priority = 1
where = 'event_count("Ordered") == 300'
text = "Three hundred orders!"
`
	b := newBrowser(t, newHandler(t, wire.Site{Anonymous: true}, text))
	var events []string
	for i := range 300 {
		events = append(events, fmt.Sprintf(`{"type":"track","event":"Ordered","userId":"ada","messageId":"node-next-%d"}`, i))
	}
	body := `{"batch":[` + strings.Join(events, ",") + `]}`
	for range 2 {
		if answer := b.do("POST", "/_handbill/v1/batch", body); answer.StatusCode != 200 {
			t.Fatalf("status %d", answer.StatusCode)
		}
	}
	if _, list := b.poll(`{"page":{"url":"` + origin + `/"},"userId":"ada"}`); !strings.Contains(names(list), "regular") {
		t.Errorf("messages %q", names(list))
	}
}
