package caddymodule

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"handbill/engine/porttest"
	"handbill/engine/proof"
)

// identityPage is docs/identity.md.
func identityPage(t *testing.T) string {
	t.Helper()
	page, err := os.ReadFile("../docs/identity.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(page)
}

func hashOf(secret, user string) string {
	m := hmac.New(sha256.New, []byte(secret))
	m.Write([]byte(user))
	return hex.EncodeToString(m.Sum(nil))
}

func TestThePageOnIdentityIsTrue(t *testing.T) {
	page := identityPage(t)
	examples := regexp.MustCompile("(?ms)^```caddyfile\n(.*?)^```$").FindAllStringSubmatch(page, -1)
	for _, example := range examples {
		if _, err := adapt(example[1]); err != nil {
			t.Errorf("%v in\n%s", err, example[1])
		}
		if formatted := string(caddyfile.Format([]byte(example[1]))); formatted != example[1] {
			t.Errorf("caddy fmt would write\n%s\ninstead of\n%s", formatted, example[1])
		}
	}
	if len(examples) < 3 {
		t.Errorf("only %d examples found", len(examples))
	}
	secret := regexp.MustCompile("with the secret\n`([0-9a-f]{64})`").FindStringSubmatch(page)
	hash := regexp.MustCompile(`userHash: "([0-9a-f]{64})"`).FindStringSubmatch(page)
	if secret == nil || hash == nil || hashOf(secret[1], "ada") != hash[1] {
		t.Errorf("the hash of ada with %q is not %q", secret, hash)
	}
	for word := range new(Identity).words() {
		if !strings.Contains(page, "\n| `"+word+"` | ") {
			t.Errorf("the word %s is not described", word)
		}
	}
	_, table, _ := strings.Cut(page, "| reason | what is wrong |\n")
	table, _, _ = strings.Cut(table, "\n\n")
	for _, reason := range proof.Reasons() {
		if !strings.Contains(table, "`"+string(reason)+"`") {
			t.Errorf("the reason %s is not described", reason)
		}
	}
	if n := strings.Count(table, "`") / 2; n < len(proof.Reasons()) {
		t.Errorf("%d words in the table of reasons", n)
	}
}

// members is a workspace with a message for those who have proven who they are.
func members(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "shop.toml")
	writeFile(t, path, "[workspace]\nwrite_key = \"shop-web\"\n\n[[messages]]\nid = \"invoice\"\npages = [\"*\"]\nwhere = \"visitor.verified && traits.plan == 'team'\"\ntext = \"Your invoice is ready.\"\n")
	return path
}

func TestASiteWithIdentitySignedBelievesProofsOnly(t *testing.T) {
	secret, key := "5bd7c4a1f0e34d7c9b8a6e2f1d0c3b4a59687f8e9dacbbcad8e7f60514233241", filepath.Join(t.TempDir(), "shop.pem")
	t.Setenv("HANDBILL_TEST_SECRET", secret)
	writeFile(t, key, "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----\n")
	admin := fmt.Sprintf("127.0.0.1:%d", porttest.Free(t))
	e := start(t, "admin "+admin+"\nhandbill {\n\tworkspace shop "+members(t)+"\n\tstore memory\n}",
		"http://tallowby.test:PORT {\n\thandbill {\n\t\tidentity signed {\n\t\t\tsecret {env.HANDBILL_TEST_SECRET}\n\t\t\tpublic_key "+key+" spring\n\t\t}\n\t}\n\treverse_proxy "+application(t)+"\n}\n")
	identify := func(hash string) answer {
		body := fmt.Sprintf(`{"userId":"ada","traits":{"plan":"team"},"anonymousId":"b","context":{"userHash":%q}}`, hash)
		return e.do(http.MethodPost, "http://tallowby.test/_handbill/v1/i", body)
	}
	poll := func() string {
		a := e.do(http.MethodPost, "http://tallowby.test/_handbill/api/v4/users?sessionId=1", pollBody("http://tallowby.test/"),
			"X-Gist-Encoded-User-Token", base64.StdEncoding.EncodeToString([]byte("ada")))
		return a.body
	}
	if a := identify(hashOf(secret, "grace")); a.StatusCode != 400 || !strings.HasPrefix(a.Header.Get("Handbill-Identity"), "refused: wrong: ") {
		t.Errorf("a swapped hash: %s %s %v", a.Status, a.body, a.Header)
	}
	if list := poll(); strings.Contains(list, "invoice") {
		t.Errorf("whoever claims to be ada is shown %s", list)
	}
	if a := identify(hashOf(secret, "ada")); a.StatusCode != 200 || a.Header.Get("Handbill-Identity") != "" {
		t.Errorf("a good hash: %s %s %v", a.Status, a.body, a.Header)
	}
	if list := poll(); !strings.Contains(list, "invoice") {
		t.Errorf("ada is shown %s", list)
	}
	_, explained := ask(t, http.MethodGet, "http://"+admin+"/handbill/shop/explain?url=http://tallowby.test/&visitor=ada", "")
	for _, want := range []string{`"level":"proven"`, `"refused":{"user":"ada","visitor":"a:`, `"reason":"`} {
		if !strings.Contains(explained, want) {
			t.Errorf("explain lacks %s:\n%s", want, explained)
		}
	}
	operator := edge{t: t, client: http.DefaultClient}
	metrics := operator.do(http.MethodGet, "http://"+admin+"/metrics", "").body
	if !strings.Contains(metrics, `caddy_handbill_identity_refused_total{reason="wrong",workspace="shop"}`) {
		t.Errorf("the refusal is not counted:\n%s", metrics)
	}
	for _, place := range []string{"/config/", "/handbill/"} {
		if body := operator.do(http.MethodGet, "http://"+admin+place, "").body; body == "" || strings.Contains(body, secret) {
			t.Errorf("%s tells the secret:\n%s", place, body)
		}
	}
	log, err := os.ReadFile(e.log)
	if err != nil {
		t.Fatal(err)
	}
	for what, text := range map[string]string{"the secret": secret, "a hash": hashOf(secret, "ada"), "a doubt": "anybody can claim"} {
		if strings.Contains(string(log), text) {
			t.Errorf("the log tells %s", what)
		}
	}
}

func TestSecretsAndKeysThatCannotBeUsedAreErrorsThatSayWhatToDo(t *testing.T) {
	folder := t.TempDir()
	private := filepath.Join(folder, "shop.key")
	writeFile(t, private, "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEILpYcNMKPQfeXmn6puM9eUQCtFjzhgH3Bw8vJdz29yta\n-----END PRIVATE KEY-----\n")
	t.Setenv("HANDBILL_TEST_SHORT", "letmein")
	e := newEdge(t)
	for words, want := range map[string]string{
		"secret {env.HANDBILL_TEST_NOT_SET}":           "secret is empty; if it is {env.NAME}, set that variable",
		"secret {env.HANDBILL_TEST_SHORT}":             "secret has 7 characters",
		"server_secret {env.HANDBILL_TEST_SHORT}":      "server_secret has 7 characters",
		"public_key " + folder + "/gone.pem":           "no such file",
		"public_key " + private:                        "holds a private key",
		"public_key " + members(t):                     "holds no public key",
		"secret {file." + folder + "/gone-secret.txt}": "secret is empty",
	} {
		err := e.tryLoad("handbill {\n\tworkspace shop "+members(t)+"\n\tstore memory\n}",
			"http://tallowby.test:PORT {\n\thandbill {\n\t\tidentity signed {\n\t\t\t"+words+"\n\t\t}\n\t}\n\trespond ok\n}\n")
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "letmein") {
			t.Errorf("%s: the error is %v; want %q", words, err, want)
		}
	}
}

func TestWhatJSONFillsInWronglyIsAnError(t *testing.T) {
	for config, want := range map[string]string{
		`{"mode": "believed"}`:                   `identity cannot have the mode "believed"; allowed: unsigned, signed`,
		`{}`:                                     `identity cannot have the mode ""`,
		`{"mode": "unsigned", "secrets": ["x"]}`: "identity unsigned takes no secrets and keys",
		`{"mode": "signed", "leeway": 3600000000000}`: "cannot be the leeway of clocks",
		`{"mode": "signed", "session": 1}`:            "too short for a session",
		`{"mode": "signed", "leeway": -1}`:            "cannot be the leeway of clocks",
	} {
		var identity Identity
		if err := json.Unmarshal([]byte(config), &identity); err != nil {
			t.Fatal(err)
		}
		if err := identity.check(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: the error is %v; want %q", config, err, want)
		}
	}
}

func TestWhoeverBelievesClaimsIsWarnedWhereMessagesUseTraits(t *testing.T) {
	const doubt, mixed = "anybody can claim to be one of your users", "one site of this workspace has identity signed and another has not"
	signed := "identity signed {\n\t\tsecret 5bd7c4a1f0e34d7c9b8a6e2f1d0c3b4a59687f8e9dacbbcad8e7f60514233241\n\t}"
	app := application(t)
	admin := fmt.Sprintf("127.0.0.1:%d", porttest.Free(t))
	e := newEdge(t)
	for _, c := range []struct {
		name, workspace string
		sites           []string
		want            []string
	}{
		{"nothing said", members(t), []string{""}, []string{doubt}},
		{"unsigned, said outright", members(t), []string{"identity unsigned"}, nil},
		{"signed", members(t), []string{signed}, nil},
		{"no message uses traits", messages(t, "sale"), []string{""}, nil},
		{"one signed and one not", members(t), []string{signed, "identity unsigned"}, []string{mixed}},
		{"one signed and one that says nothing", members(t), []string{signed, ""}, []string{mixed, doubt}},
	} {
		t.Run(c.name, func(t *testing.T) {
			sites := ""
			for i, words := range c.sites {
				sites += fmt.Sprintf("http://site-%d.test:PORT {\n\thandbill {\n\t%s\n\t}\n\treverse_proxy %s\n\thandle_errors {\n\t\thandbill\n\t\trespond gone\n\t}\n}\n", i, words, app)
			}
			e.load("admin "+admin+"\nhandbill {\n\tworkspace shop "+c.workspace+"\n\tstore memory\n}", sites)
			_, body := ask(t, http.MethodGet, "http://"+admin+"/handbill/", "")
			log, err := os.ReadFile(e.log)
			if err != nil {
				t.Fatal(err)
			}
			for _, warning := range []string{doubt, mixed} {
				want := slices.Contains(c.want, warning)
				if strings.Contains(body, warning) != want {
					t.Errorf("the status has %q: %t\n%s", warning, !want, body)
				}
				if want && !strings.Contains(string(log), warning) {
					t.Errorf("the log lacks %q", warning)
				}
			}
			if c.name == "nothing said" && !strings.Contains(body, "(invoice)") {
				t.Errorf("the warning does not name the message: %s", body)
			}
		})
	}
}

func TestAMessageToOnePersonIsShownWhereTheirIdIsProvenOrAClaimIsEnough(t *testing.T) {
	const secret, doubt = "5bd7c4a1f0e34d7c9b8a6e2f1d0c3b4a59687f8e9dacbbcad8e7f60514233241", "transactional messages are not shown"
	path := filepath.Join(t.TempDir(), "shop.toml")
	writeFile(t, path, "[[messages]]\nid = \"invoice\"\nkind = \"transactional\"\npages = [\"*\"]\ntext = \"Your invoice is ready.\"\n")
	app, admin := application(t), fmt.Sprintf("127.0.0.1:%d", porttest.Free(t))
	for _, c := range []struct {
		name, words, hash string
		shown             bool
		reason            string
	}{
		{"nothing said", "", "", false, "needs_verified"},
		{"unsigned, said outright", "identity unsigned", "", true, ""},
		{"signed, with a proof", "identity signed {\n\t\t\tsecret " + secret + "\n\t\t}", hashOf(secret, "ada"), true, ""},
		{"signed, with another's proof", "identity signed {\n\t\t\tsecret " + secret + "\n\t\t}", hashOf(secret, "grace"), false, "needs_verified"},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := start(t, "admin "+admin+"\nhandbill {\n\tworkspace shop "+path+"\n\tstore memory\n}",
				"http://tallowby.test:PORT {\n\thandbill {\n\t\t"+c.words+"\n\t}\n\treverse_proxy "+app+"\n}\n")
			if status, body := ask(t, http.MethodPost, "http://"+admin+"/handbill/shop/send", `{"message":"invoice","to":"ada"}`); status != 200 {
				t.Fatalf("sending: %d %s", status, body)
			}
			e.do(http.MethodPost, "http://tallowby.test/_handbill/v1/i", fmt.Sprintf(`{"userId":"ada","anonymousId":"b","context":{"userHash":%q}}`, c.hash))
			// Before the poll, for what was shown is over.
			_, explained := ask(t, http.MethodGet, "http://"+admin+"/handbill/shop/explain?url=http://tallowby.test/&visitor=ada", "")
			if strings.Contains(explained, `"reason":"needs_verified"`) != (c.reason != "") {
				t.Errorf("explained is %s", explained)
			}
			list := e.do(http.MethodPost, "http://tallowby.test/_handbill/api/v4/users?sessionId=1", pollBody("http://tallowby.test/"),
				"X-Gist-Encoded-User-Token", base64.StdEncoding.EncodeToString([]byte("ada"))).body
			if strings.Contains(list, "invoice") != c.shown {
				t.Errorf("ada is shown %s", list)
			}
			if _, body := ask(t, http.MethodGet, "http://"+admin+"/handbill/", ""); strings.Contains(body, doubt) != (c.words == "") {
				t.Errorf("the status is %s", body)
			}
		})
	}
}
