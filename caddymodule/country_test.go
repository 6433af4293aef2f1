package caddymodule

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/maxmind/mmdbwriter"
	"github.com/maxmind/mmdbwriter/mmdbtype"

	"handbill/engine/porttest"
)

// targeted is a workspace whose messages look at the request.
const targeted = `
[[messages]]
id = "german"
pages = ["*"]
where = 'request.country == "DE"'
text = "Hallo"

[[messages]]
id = "telephones"
position = "bottom"
pages = ["*"]
where = 'request.device == "mobile" && request.speaks("de")'
text = "Hallo"

[[messages]]
id = "programs"
pages = ["*"]
where = 'request.bot'
bots = "include"
text = "Hello"
`

const (
	telephone = "User-Agent: Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Mobile Safari/537.36"
	searcher  = "User-Agent: Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
)

// writeCountries makes a database in which 192.0.2.0/24 is in Germany.
func writeCountries(t *testing.T) string {
	t.Helper()
	tree, err := mmdbwriter.New(mmdbwriter.Options{DatabaseType: "GeoLite2-Country", IncludeReservedNetworks: true})
	if err != nil {
		t.Fatal(err)
	}
	_, network, err := net.ParseCIDR("192.0.2.0/24")
	if err != nil {
		t.Fatal(err)
	}
	if err := tree.Insert(network, mmdbtype.Map{"country": mmdbtype.Map{"iso_code": mmdbtype.String("DE")}}); err != nil {
		t.Fatal(err)
	}
	var file bytes.Buffer
	if _, err := tree.WriteTo(&file); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "countries.mmdb")
	if err := os.WriteFile(path, file.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestRequestsSayWhereTheyComeFromAsConfigured(t *testing.T) {
	workspace := filepath.Join(t.TempDir(), "messages.toml")
	writeFile(t, workspace, targeted)
	database := writeCountries(t)
	for _, test := range []struct {
		name, option string
		headers      []string
		want         string
	}{
		{"the header that is configured", "country header CF-IPCountry", []string{"CF-IPCountry: de"}, "german"},
		{"the header with another country", "country header CF-IPCountry", []string{"CF-IPCountry: AT"}, ""},
		{"the header where another is configured", "country header X-Country", []string{"CF-IPCountry: DE"}, ""},
		{"the header where none is configured", "", []string{"CF-IPCountry: DE"}, ""},
		{"an address in the database", "country maxmind " + database, []string{"X-Forwarded-For: 192.0.2.7"}, "german"},
		{"an address that is not", "country maxmind " + database, []string{"X-Forwarded-For: 198.51.100.7"}, ""},
		{"a database that is missing", "country maxmind /nowhere/countries.mmdb", []string{"X-Forwarded-For: 192.0.2.7"}, ""},
		{"a telephone that reads German", "", []string{telephone, "Accept-Language: fr;q=0.5,de-CH"}, "telephones"},
		{"a telephone by its hints", "", []string{"Sec-CH-UA-Mobile: ?1", "Accept-Language: de"}, "telephones"},
		{"a telephone that does not", "", []string{telephone, "Accept-Language: fr"}, ""},
		{"a search engine", "country header CF-IPCountry", []string{searcher, "CF-IPCountry: DE"}, "programs"},
	} {
		t.Run(test.name, func(t *testing.T) {
			e := start(t, "servers {\n\ttrusted_proxies static 127.0.0.1/32\n}\nhandbill {\n\tworkspace shop "+workspace+"\n\tstore memory\n}",
				"http://tallowby.test:PORT {\n\thandbill {\n\t\t"+test.option+"\n\t}\n\trespond \"<!doctype html>\"\n}\n")
			var headers []string
			for _, line := range test.headers {
				name, value, _ := strings.Cut(line, ": ")
				headers = append(headers, name, value)
			}
			got := e.do(http.MethodPost, "http://tallowby.test/_handbill/api/v4/users", pollBody("http://tallowby.test/"), headers...)
			if test.want == "" && got.StatusCode != http.StatusNoContent || strings.Count(got.body, `"messageId"`) > 1 || !strings.Contains(got.body, test.want) {
				t.Errorf("status %d: %s", got.StatusCode, got.body)
			}
			if strings.Contains(test.name, "missing") && !strings.Contains(e.logs(), "correct its path") {
				t.Error("the log does not tell of the missing database")
			}
		})
	}
}

func TestExplainTakesTheHeadersOfARequest(t *testing.T) {
	path := filepath.Join(t.TempDir(), "messages.toml")
	writeFile(t, path, targeted)
	admin := fmt.Sprintf("127.0.0.1:%d", porttest.Free(t))
	start(t, "admin "+admin+"\nhandbill {\n\tworkspace shop "+path+"\n\tstore memory\n}",
		"http://tallowby.test:PORT {\n\thandbill {\n\t\tcountry header CF-IPCountry\n\t}\n\trespond \"<!doctype html>\"\n}\n")
	for _, test := range []struct {
		name      string
		arguments []string
		online    bool // or without a server too
		want      []string
	}{
		{"nothing", nil, false, []string{
			"german is not shown: where", `request.country == "DE" does not hold (request.country is missing); it is shown when this holds: request.country == "DE"`,
			"telephones is not shown: where", "programs is not shown: where", "yes  bot",
		}},
		{"a telephone that reads German", []string{"--header", telephone, "--header", "Accept-Language: de-AT,de;q=0.9"}, false, []string{"telephones is shown"}},
		{"a search engine", []string{"--header", searcher}, false, []string{"german is not shown: bot", "programs is shown", `bots is "include"`}},
		{"a country", []string{"--country", "de"}, false, []string{"german is shown"}},
		{"the header that a site believes", []string{"--header", "CF-IPCountry: DE"}, true, []string{"german is shown"}},
		{"a header that no site believes", []string{"--header", "X-Country: DE"}, true, []string{"german is not shown: where"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			for where, arguments := range map[string][]string{"offline": {path}, "online": {"--address", admin}} {
				if test.online && where == "offline" {
					continue
				}
				out, err := run(explainCommand(), append(append([]string{"--url", "http://tallowby.test/"}, test.arguments...), arguments...)...)
				if err != nil {
					t.Fatal(err)
				}
				for _, want := range test.want {
					if !strings.Contains(out, want) {
						t.Errorf("%s, the output lacks %q:\n%s", where, want, out)
					}
				}
			}
		})
	}
	for argument, want := range map[string]string{
		"--header=Accept-Language de": `header: "Accept-Language de" is not a header; write it as 'Accept-Language: de'`,
		"--country=Germany":           `country: "Germany" is not a country; write its two letters, such as DE`,
	} {
		for _, arguments := range [][]string{{path}, {"--address", admin}} {
			if _, err := run(explainCommand(), append([]string{"--url", "http://tallowby.test/", argument}, arguments...)...); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v", argument, err)
			}
		}
	}
	query := url.Values{"url": {"http://tallowby.test/"}, "header": {telephone, "Accept-Language: de"}, "country": {"DE"}}
	if status, body := ask(t, http.MethodGet, "http://"+admin+"/handbill/shop/explain?"+query.Encode(), ""); status != 200 || strings.Count(body, `"due":true`) != 2 {
		t.Errorf("the admin API: %d %s", status, body)
	}
}

func TestACountryInJSONIsChecked(t *testing.T) {
	for want, given := range map[string]*Country{
		"give one of the two":                   {Header: "CF-IPCountry", MaxMind: "/db.mmdb"},
		"country needs a header or a database":  {},
		`"CF IPCountry" cannot be a header's`:   {Header: "CF IPCountry"},
		"country header: \"a:b\" cannot be a h": {Header: "a:b"},
	} {
		if err := (&Handler{Country: given}).Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v", *given, err)
		}
	}
	if err := (&Handler{Country: &Country{MaxMind: "/db.mmdb"}}).Validate(); err != nil {
		t.Error(err)
	}
}

// The command by which docs/conditions.md tries a condition works as it stands there.
func TestTheDocumentedHeadersAreTaken(t *testing.T) {
	page, err := os.ReadFile("../docs/conditions.md")
	if err != nil {
		t.Fatal(err)
	}
	line := regexp.MustCompile(`(?m)^handbill messages explain (.+) \./messages\.toml$`).FindStringSubmatch(string(page))
	if line == nil {
		t.Fatal("the command is missing")
	}
	path := filepath.Join(t.TempDir(), "messages.toml")
	writeFile(t, path, strings.Replace(targeted, `"DE"`, `"AT"`, 1))
	var arguments []string
	for _, word := range regexp.MustCompile(`'[^']*'|\S+`).FindAllString(line[1], -1) {
		arguments = append(arguments, strings.Trim(word, "'"))
	}
	out, err := run(explainCommand(), append(arguments, path)...)
	if err != nil || !strings.Contains(out, "german is shown") || !strings.Contains(out, "telephones is shown") {
		t.Errorf("%v\n%s", err, out)
	}
}
