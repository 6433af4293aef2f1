package source

import (
	"crypto/ed25519"
	"encoding/base64"
	"io"
	"log"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"handbill/engine/soaktest"
)

var quietLog = log.New(io.Discard, "", 0)

// shape is a way in which a URL can fail.
type shape struct {
	name   string
	answer http.HandlerFunc
	want   string
}

// shapes are ways in which a URL fails that answers.
func shapes(t *testing.T) []shape {
	body := func(kind, text string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", kind)
			_, _ = io.WriteString(w, text)
		}
	}
	return []shape{
		{"a server that fails", status(500), "it answered 500 Internal Server Error; see what is wrong with the server"},
		{"a server that is overloaded", status(503, "Retry-After", "1"), "it answered 503 Service Unavailable"},
		{"too many questions", status(429), "ask less often, such as: interval 5m"},
		{"a wrong URL", status(404), "it answered 404 Not Found; correct the URL, or put the workspace there"},
		{"nobody who is known", status(401), "it answered 401 Unauthorized; send what it wants to see, such as: header Authorization"},
		{"an answer without a body", status(204), "it answered 204 No Content, and should answer 200"},
		{"a cache that was not asked", func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(304) }, "nothing has changed, and was not asked that"},
		{"a page for signing in", body("text/html; charset=utf-8", "<!doctype html><title>Sign in</title>"), "the answer is a web page, such as one for signing in"},
		{"a page that calls itself text", body("text/plain", "\n\n<html><body>Sign in"), "the answer is a web page, such as one for signing in"},
		{"JSON", body("application/json", `{"messages": []}`), `the answer is of the type "application/json", and should be TOML`},
		{"a picture", body("image/png", "\x89PNG"), `the answer is of the type "image/png"`},
		{"nothing at all", body("application/toml", ""), "the answer is empty, which would take every message away"},
		{"blanks", body("application/toml", " \n\n"), "the answer is empty"},
		{"an encoding that was not asked for", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "br")
			_, _ = io.WriteString(w, sale)
		}, `the answer has the encoding "br", which was not asked for`},
		{"compressed without saying so", body("application/octet-stream", "\x1f\x8b\x08"), "the answer is compressed, and does not say so"},
		{"cut off", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "10000")
			_, _ = io.WriteString(w, sale)
		}, "the answer broke off after "},
		{"reset in the middle", func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, sale)
			_ = http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		}, "the answer broke off after "},
		{"huge", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.CopyN(w, blanks{}, 1<<30) }, "the answer has more than the 10 MiB that a file may have"},
		{"huge headers", func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("X-Notes", strings.Repeat("x", 1<<20)) }, "its answer's headers have more than 64 KiB"},
		{"slow to begin", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, "it did not answer whole within 100ms; see why it is slow, or wait longer: timeout 300ms"},
		{"slow to end", func(w http.ResponseWriter, r *http.Request) {
			for _, letter := range strings.Repeat("# and so on\n", 100) {
				if _, err := io.WriteString(w, string(letter)); err != nil || r.Context().Err() != nil {
					return
				}
				_ = http.NewResponseController(w).Flush()
				time.Sleep(5 * time.Millisecond)
			}
		}, "it did not answer whole within 100ms"},
		{"TOML that is not", body("application/toml", sale+"[[messages]\n"), "/shop.toml:7:11: "},
		{"a key that is unknown", body("application/toml", sale+"hologram = true\n"), "hologram"},
		{"bytes that are no text", body("application/octet-stream", "\x00\xff\xfe\x01\x80"), ""},
	}
}

// Whatever a URL answers, the last good workspace stays, the error names the URL and what to do, and the next good answer is
// taken.
func TestOutagesOfAURLKeepTheLastGoodWorkspace(t *testing.T) {
	all := shapes(t)
	t.Cleanup(func() { soaktest.Figure(t, "source.outages", len(all)) }) // after they have run beside each other
	for _, shape := range all {
		t.Run(shape.name, func(t *testing.T) {
			t.Parallel()
			server := serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, sale) }) // without an ETag
			server.Config.ErrorLog = quietLog
			options := HTTPOptions{}
			if strings.HasPrefix(shape.name, "slow") {
				options.Timeout = 100 * time.Millisecond
			}
			f := follow(t, quick(t, server.url(), options))
			f.eventuallyShows(t, "spring-sale")
			server.set(shape.answer)
			f.failsWith(t, server.url(), shape.want)
			server.set(text(tour))
			f.eventuallyShows(t, "billing-tour")
			eventually(t, "the problems are gone", func() bool { state := f.State(); return len(state.Problems) == 0 && state.FailingSince.IsZero() })
		})
	}
}

// failsWith waits until the source has a problem, which must name the URL and hold a text, and makes sure that what was shown
// before is shown.
func (f *followed) failsWith(t *testing.T, url, want string) {
	t.Helper()
	var state State
	eventually(t, "the problem is told: "+want, func() bool {
		state = f.State()
		return len(state.Problems) > 0 && strings.Contains(state.Problems[0].Error(), want)
	})
	if said := state.Problems[0].Error(); !strings.HasPrefix(said, url) || state.Problems[0].Fix == "" {
		t.Errorf("the problem is %q", said)
	}
	if f.shown() != "spring-sale" || state.FailingSince.IsZero() || state.Generation == "" {
		t.Errorf("it shows %s in state %+v", f.shown(), state)
	}
}

func TestOutagesOfAConnectionKeepTheLastGoodWorkspace(t *testing.T) {
	server := serve(t, text(sale))
	f := follow(t, quick(t, server.url(), HTTPOptions{}))
	f.eventuallyShows(t, "spring-sale")
	address := server.Listener.Addr().String()
	server.CloseClientConnections()
	server.Close()
	f.failsWith(t, server.url(), "the connection to "+address+" is refused; see that the server runs")
	again, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	back := &http.Server{Handler: text(tour), ReadHeaderTimeout: time.Second}
	go func() { _ = back.Serve(again) }()
	defer back.Close()
	f.eventuallyShows(t, "billing-tour")
}

func TestAHostThatIsNotFoundIsNamed(t *testing.T) {
	_, err := quick(t, "http://config.handbill.invalid/shop.toml", HTTPOptions{Timeout: 20 * time.Second}).Load(t.Context())
	if err == nil || !strings.Contains(err.Error(), "config.handbill.invalid/shop.toml: the host config.handbill.invalid is not found") {
		t.Errorf("the error is %v", err)
	}
}

func TestAServerThatTakesConnectionsAndSaysNothing(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	for _, scheme := range []string{"http", "https"} {
		url := scheme + "://" + listener.Addr().String() + "/shop.toml"
		if _, err := quick(t, url, HTTPOptions{Timeout: 50 * time.Millisecond}).Load(t.Context()); err == nil || !strings.Contains(err.Error(), url+": it did not answer whole within 50ms") {
			t.Errorf("over %s: %v", scheme, err)
		}
	}
}

func TestAWorkspaceMustBeSignedWhereAKeySaysSo(t *testing.T) {
	key := func() (ed25519.PublicKey, ed25519.PrivateKey) {
		public, private, err := ed25519.GenerateKey(nil)
		if err != nil {
			t.Fatal(err)
		}
		return public, private
	}
	public, private := key()
	oldPublic, oldPrivate := key()
	_, other := key()
	at := time.Date(2024, 11, 26, 9, 31, 12, 0, time.UTC)
	signed := func(key ed25519.PrivateKey, text string) string { return Sign(key, []byte(text), at) }
	alone := base64.StdEncoding.EncodeToString(ed25519.Sign(private, []byte(sale)))
	beside := func(signatures string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			switch r.URL.Path {
			case "/shop.toml":
				_, _ = io.WriteString(w, sale)
			case "/shop.toml.sig":
				_, _ = io.WriteString(w, signatures)
			}
		}
	}
	header := func(signatures ...string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header()[SignatureHeader] = signatures
			_, _ = io.WriteString(w, sale)
		}
	}
	for _, test := range []struct {
		name   string
		answer http.HandlerFunc
		want   string // "": it is believed
	}{
		{"in a file beside it", beside(signed(private, sale) + "\n"), ""},
		{"in a file with several", beside(signed(other, sale) + "\n" + signed(private, sale)), ""},
		{"by the key from before", beside(signed(oldPrivate, sale)), ""},
		{"in a header", header(signed(private, sale)), ""},
		{"in one of two headers", header(signed(other, sale), "ed25519, "+signed(private, sale)), ""},
		{"without a time", beside(alone + "\n"), ""},
		{"with and without a time", header(alone, signed(private, sale)), ""},
		{"with another time", header(strings.Replace(signed(private, sale), "2024-11-26T09:31:12Z", "2024-11-27T09:31:12Z", 1)), "no signature is by a key that is trusted"},
		{"with a time, as if it were without", header(strings.TrimPrefix(signed(private, sale), "2024-11-26T09:31:12Z.")), "no signature is by a key that is trusted"},
		{"without a time, as if it had one", header("2024-11-26T09:31:12Z." + alone), "no signature is by a key that is trusted"},
		{"with a time of another zone", header(strings.Replace(signed(private, sale), "12Z", "12+00:00", 1)), "there is no signature that can be read"},
		{"with a time far ahead", header(Sign(private, []byte(sale), time.Now().Add(48*time.Hour))), "which is more than 24 hours ahead; set the clock"},
		{"not at all", text(sale + "\n"), "in the file at its URL with .sig"},
		{"not, and there is no file", func(w http.ResponseWriter, r *http.Request) {
			if strings.HasSuffix(r.URL.Path, SignatureSuffix) {
				http.NotFound(w, r)
				return
			}
			text(sale)(w, r)
		}, "it is not signed: there is no header Handbill-Signature, and the file at its URL with .sig answered 404 Not Found"},
		{"by somebody else", beside(signed(other, sale)), "it is not signed as it should be: in the file at its URL with .sig no signature is by a key that is trusted"},
		{"something else", header(signed(private, tour)), "it is not signed as it should be: in the header Handbill-Signature no signature is by"},
		{"with no signature", beside("c2FsZQ== not base64!"), "there is no signature that can be read"},
		{"with a file of signatures that is huge", beside(strings.Repeat("x", 1<<20)), "the file at its URL with .sig cannot be read"},
	} {
		t.Run(test.name, func(t *testing.T) {
			server := serve(t, test.answer)
			h := quick(t, server.url(), HTTPOptions{PublicKeys: []ed25519.PublicKey{public, oldPublic}})
			files, err := h.Load(t.Context())
			switch {
			case test.want == "" && (err != nil || string(files[0].Data) != sale):
				t.Errorf("it is not believed: %v", err)
			case test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)):
				t.Errorf("the error is %v", err)
			case err != nil && (!strings.Contains(err.Error(), "handbill messages sign") || !strings.HasPrefix(err.Error(), server.url())):
				t.Errorf("the error does not help: %v", err)
			}
		})
	}
}
