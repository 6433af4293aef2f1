package caddymodule

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"handbill/engine/porttest"
)

func TestExplainSaysOfThePageItselfWhetherItIsInjected(t *testing.T) {
	var headers atomic.Pointer[http.Header]
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		sent := r.Header.Clone()
		headers.Store(&sent)
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		switch r.URL.Path {
		case "/part":
			fmt.Fprint(w, "<p>Part of a page</p>")
		case "/private":
			w.Header().Set("Handbill", "off")
			fmt.Fprint(w, "<!doctype html>")
		case "/prices.json":
			w.Header().Set("Content-Type", "application/json")
			fmt.Fprint(w, "{}")
		case "/moved":
			http.Redirect(w, r, "/elsewhere", http.StatusFound)
		case "/account":
			if _, err := r.Cookie("session"); err != nil {
				http.Error(w, "<!doctype html>sign in", http.StatusForbidden)
				return
			}
			fmt.Fprint(w, "<!doctype html><title>Account</title>")
		default:
			fmt.Fprint(w, "<!doctype html><title>Tallowby</title>")
		}
	}))
	defer site.Close()
	admin := fmt.Sprintf("127.0.0.1:%d", porttest.Free(t))
	e := start(t, "admin "+admin+"\nhandbill {\nworkspace shop "+messages(t, "sale")+"\nworkspace docs "+messages(t, "news")+"\nstore memory\n}", `
http://tallowby.test:PORT {
	handbill shop {
		skip /wp-admin/*
	}
	reverse_proxy `+site.Listener.Addr().String()+`
}
http://docs.tallowby.test:PORT {
	handbill docs
	handle_errors {
		handbill docs
		header Content-Type text/html
		respond "<!doctype html>sorry"
	}
	handle {
		error 503
	}
}
http://files.tallowby.test:PORT {
	handbill shop
	root `+t.TempDir()+`
	file_server
}
http://plain.tallowby.test:PORT {
	respond "<!doctype html>"
}
`)
	for _, test := range []struct {
		name, host, path string
		arguments        []string
		want             []string
	}{
		{"a page", "tallowby.test", "/pricing", nil, []string{"The page is injected (status 200)."}},
		{"a page with a query and a fragment", "tallowby.test", "/pricing?plan=team#top", nil, []string{"The page is injected"}},
		{"a part of a page", "tallowby.test", "/part", nil, []string{"The page is not injected: fragment. The body begins with", "Begin pages with"}},
		{"a page that says no", "tallowby.test", "/private", nil, []string{"not injected: opted_out_by_site. The response header `Handbill: off`."}},
		{"what is no page", "tallowby.test", "/prices.json", nil, []string{"not injected: content_type. The response is not `text/html`."}},
		{"a redirection", "tallowby.test", "/moved", nil, []string{"not injected: status. Neither 200 nor an error page."}},
		{"a page that is skipped", "tallowby.test", "/wp-admin/index.php", nil, []string{"not injected: not_requested."}},
		{"the endpoint", "tallowby.test", "/_handbill/client.js", nil, []string{"not injected: endpoint."}},
		{"the page of somebody signed in", "tallowby.test", "/account", []string{"--header", "Cookie: session=1"}, []string{"The page is injected (status 200)."}},
		{"the same page of a stranger", "tallowby.test", "/account", nil, []string{"not injected: content_type"}},
		{"a page of another workspace", "docs.tallowby.test", "/", nil, []string{"The page is injected (status 503).", "It shows the messages of the workspace docs, and these are those of shop."}},
		{"a page that is not there", "files.tallowby.test", "/pricing", nil, []string{"The page is not injected: error. There is no page at this address", "write handle_errors"}},
		{"a site without the directive", "plain.tallowby.test", "/", nil, []string{"It is not known whether the page is injected: no_handler.", "the status is 200"}},
		{"a site that does not exist", "nobody.test", "/", nil, []string{"no_handler"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			address := fmt.Sprintf("http://%s:%d%s", test.host, e.port, test.path)
			out, err := run(explainCommand(), append([]string{"--address", admin, "--workspace", "shop", "--url", address}, test.arguments...)...)
			if err != nil {
				t.Fatal(err)
			}
			for _, want := range test.want {
				if !strings.Contains(out, want) {
					t.Errorf("the output lacks %q:\n%s", want, out)
				}
			}
			if !strings.Contains(out, "sale is ") {
				t.Errorf("nothing is said of the message:\n%s", out)
			}
		})
	}
	t.Run("behind a proxy with a port of its own", func(t *testing.T) {
		out, err := run(explainCommand(), "--address", admin, "--workspace", "shop", "--url", "http://tallowby.test/pricing", "--json")
		var answer explanation
		if err != nil || json.Unmarshal([]byte(out), &answer) != nil || answer.Injection.Outcome != "injected" || answer.Injection.Workspace != "shop" || len(answer.Messages) != 1 {
			t.Errorf("%v\n%s", err, out)
		}
	})
	t.Run("the site sees a browser's request and no more", func(t *testing.T) {
		for name := range *headers.Load() {
			if strings.Contains(strings.ToLower(name), "handbill") {
				t.Errorf("the site was sent %s", name)
			}
		}
		if headers.Load().Get("Sec-Fetch-Dest") != "document" {
			t.Errorf("the site was sent %v", *headers.Load())
		}
	})
	t.Run("a browser's request is asked nothing", func(t *testing.T) {
		if a := e.get(fmt.Sprintf("http://tallowby.test:%d/part", e.port)); a.Header.Get("Handbill") != "" {
			t.Errorf("the answer says %q", a.Header.Get("Handbill"))
		}
		if n := pageQuestions.Load(); n != 0 {
			t.Errorf("%d questions are left", n)
		}
	})
}

func TestExplainAsksAPageThatIsServedWithTLS(t *testing.T) {
	admin := fmt.Sprintf("127.0.0.1:%d", porttest.Free(t))
	e := start(t, "skip_install_trust\nadmin "+admin+"\nhandbill "+messages(t, "sale")+"\n", "https://tallowby.test:PORT {\n\ttls internal\n\thandbill\n\trespond \"<!doctype html>{scheme}\"\n\theader Content-Type text/html\n}\n")
	out, err := run(explainCommand(), "--address", admin, "--url", fmt.Sprintf("https://tallowby.test:%d/", e.port))
	if err != nil || !strings.Contains(out, "The page is injected (status 200).") {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestExplainMakesSomebodyUp(t *testing.T) {
	path := filepath.Join(t.TempDir(), "messages.toml")
	writeFile(t, path, `
[[segments]]
id = "trial"
where = 'traits.plan == "trial"'

[[messages]]
id = "upgrade"
pages = ["*"]
audience = ["trial"]
where = 'traits.seats > 4'
text = "More room for your team"

[[messages]]
id = "welcome"
kind = "campaign"
pages = ["*"]
display = "banner"
trigger = { event = "signed_up", where = 'event.plan == "team"', delay = "1h" }
text = "Hello"

[[messages]]
id = "tips"
kind = "campaign"
pages = ["*"]
display = "banner"
position = "bottom"
trigger = { segment = "trial", on = "enter" }
text = "Three tips"
`)
	admin := fmt.Sprintf("127.0.0.1:%d", porttest.Free(t))
	start(t, "admin "+admin+"\nhandbill {\n\tworkspace shop "+path+"\n\tstore memory\n}", "http://tallowby.test:PORT {\n\thandbill\n\trespond \"<!doctype html>\"\n}\n")
	for _, test := range []struct {
		name      string
		arguments []string
		want      []string
		fails     string
	}{
		{"nobody in particular", nil, []string{"for somebody new", "upgrade is not shown: audience", "welcome is not shown: not_triggered", "tips is not shown: not_triggered"}, ""},
		{"somebody with traits", []string{"--trait", "plan=trial", "--trait", "seats=5"}, []string{"for somebody made up", "upgrade is shown", "tips is shown", "welcome is not shown: not_triggered"}, ""},
		{"somebody with too few seats", []string{"--trait", "plan=trial", "--trait", "seats=3"}, []string{"upgrade is not shown: where"}, ""},
		{"a number as text", []string{"--trait", "plan=trial", "--trait", `seats="5"`}, []string{"upgrade is not shown: where"}, ""},
		{"somebody who did something", []string{"--event", `signed_up {"plan": "team"}`}, []string{"welcome is not shown: waiting", "upgrade is not shown: audience"}, ""},
		{"somebody who did it long before the time of the question", []string{"--event", `signed_up {"plan": "team"}`, "--at", "FUTURE"}, []string{"welcome is shown"}, ""},
		{"somebody who did something else", []string{"--event", "signed_up"}, []string{"welcome is not shown: not_triggered"}, ""},
		{"a visitor and traits", []string{"--visitor", "ada", "--trait", "plan=trial"}, nil, "leave the visitor"},
		{"a trait without a value", []string{"--trait", "plan"}, nil, `trait: "plan" is not a trait`},
		{"properties that are none", []string{"--event", "signed_up {plan}"}, nil, `event: the properties of "signed_up" are not JSON`},
		{"an event without a name", []string{"--event", " "}, nil, "has no name"},
	} {
		t.Run(test.name, func(t *testing.T) {
			for where, arguments := range map[string][]string{"offline": {path}, "online": {"--address", admin}} {
				given := append([]string{"--url", "http://tallowby.test/"}, test.arguments...)
				for i := range given {
					given[i] = strings.Replace(given[i], "FUTURE", inTwoHours(), 1)
				}
				out, err := run(explainCommand(), append(given, arguments...)...)
				if test.fails != "" {
					if err == nil || !strings.Contains(err.Error(), test.fails) {
						t.Errorf("%s: %v", where, err)
					}
					continue
				}
				if err != nil {
					t.Fatalf("%s: %v", where, err)
				}
				for _, want := range test.want {
					if !strings.Contains(out, want) {
						t.Errorf("%s, the output lacks %q:\n%s", where, want, out)
					}
				}
				if where == "offline" && !strings.Contains(out, "It is not known whether the page is injected: not_asked.") {
					t.Errorf("the output says of the page:\n%s", out)
				}
			}
		})
	}
	if _, body := ask(t, http.MethodGet, "http://"+admin+"/handbill/shop/statistics", ""); strings.Contains(body, `"started":1`) {
		t.Errorf("what was made up is counted: %s", body)
	}
}

func inTwoHours() string { return time.Now().Add(2 * time.Hour).UTC().Format(time.RFC3339) }

// docs/why.md has the options and the reasons that there are.
func TestTheDocumentedExplanationIsTrue(t *testing.T) {
	data, err := os.ReadFile("../docs/why.md")
	if err != nil {
		t.Fatal(err)
	}
	text := string(data)
	for _, match := range regexp.MustCompile("`--([a-z]+)").FindAllStringSubmatch(text, -1) {
		if explainCommand().Flags().Lookup(match[1]) == nil && previewCommand().Flags().Lookup(match[1]) == nil {
			t.Errorf("neither explain nor preview has an option --%s", match[1])
		}
	}
	for _, match := range regexp.MustCompile(`(?m)^handbill messages (\w+) (.*)$`).FindAllStringSubmatch(text, -1) {
		command := map[string]*cobra.Command{"explain": explainCommand(), "stats": statsCommand(), "preview": previewCommand()}[match[1]]
		if command == nil || command.ParseFlags(strings.Fields(match[2])) != nil {
			t.Errorf("this cannot be written: %s", match[0])
		}
	}
	_, table, _ := strings.Cut(text, "| page's reason |")
	table, _, _ = strings.Cut(table, "\n\n")
	var documented, found []string
	for _, row := range regexp.MustCompile("(?m)^\\| `(\\w+)` \\|").FindAllStringSubmatch(table, -1) {
		documented = append(documented, row[1])
	}
	source, err := os.ReadFile("explain_page.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, match := range regexp.MustCompile(`(?:skipped|unknown)\("(\w+)"`).FindAllStringSubmatch(string(source), -1) {
		found = append(found, match[1])
	}
	slices.Sort(documented)
	slices.Sort(found)
	if found = slices.Compact(found); !slices.Equal(documented, found) {
		t.Errorf("documented are %q, and there are %q", documented, found)
	}
}
