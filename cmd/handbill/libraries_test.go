package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// serverLibraries are the ones of the hosted product and of what it is made after.
var serverLibraries = []string{"@customerio/cdp-analytics-node", "@segment/analytics-node"}

// libraryMessages each hold for somebody about whom one kind of event has told.
const libraryMessages = `
[workspace]
write_key = "tallowby-web"

[[messages]]
id = "identified"
pages = ["*"]
where = 'traits.plan == "team" && traits.seats == 5'
text = "For teams."
display = "modal"

[[messages]]
id = "tracked-once"
pages = ["*"]
where = 'event_count("Ordered") == 1'
text = "Thank you."
display = "modal"

[[messages]]
id = "grouped"
pages = ["*"]
where = '"acme" in visitor.groups'
text = "For Acme."
display = "modal"

[[messages]]
id = "aliased"
pages = ["*"]
where = 'event_count("Visited") == 1'
text = "Good to see you again."
display = "modal"
`

// libraryServer is an edge whose directive has more words.
func libraryServer(t *testing.T, words string) *server {
	t.Helper()
	workspace := filepath.Join(t.TempDir(), "messages.toml")
	writeFile(t, workspace, libraryMessages)
	s := newServer(t, "{\n\tadmin ADMIN\n\tpersist_config off\n\tdefault_bind 127.0.0.1\n\thandbill "+workspace+
		" {\n\t\tstore memory\n\t}\n}\nhttp://EDGE {\n\thandbill {\n\t\t"+words+"\n\t}\n\trespond OK\n}\n")
	s.start()
	return s
}

// sendWith sends one event of each kind with a library, and returns what it printed.
func (s *server) sendWith(library, writeKey, user string) string {
	s.t.Helper()
	out, err := exec.Command("node", "testdata/reference/send.mjs", library, "http://"+s.edge, "/_handbill/v1/batch", writeKey, user).CombinedOutput()
	if err != nil {
		s.t.Fatalf("sending with %s: %v; run scripts/install-test-tools.sh\n%s", library, err, out)
	}
	return string(out)
}

// knows are the messages that are due to a user, in order of their names: what the edge knows of them.
func (s *server) knows(user string) []string {
	s.t.Helper()
	request, err := http.NewRequest(http.MethodPost, "http://"+s.edge+"/_handbill/api/v4/users", strings.NewReader("{}"))
	if err != nil {
		s.t.Fatal(err)
	}
	request.Header.Set("X-Gist-Encoded-User-Token", base64.StdEncoding.EncodeToString([]byte(user)))
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		s.t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	var list struct{ InAppMessages []struct{ MessageID string } }
	if err := json.NewDecoder(bytes.NewReader(text)).Decode(&list); err != nil {
		s.t.Fatalf("%v: %s", err, text)
	}
	known := []string{}
	for _, message := range list.InAppMessages {
		known = append(known, message.MessageID)
	}
	slices.Sort(known)
	return known
}

// explained is what the edge says of a user's messages.
func (s *server) explained(user string) string {
	s.t.Helper()
	response, err := http.Get("http://" + s.admin + "/handbill/default/explain?url=http://" + s.edge + "/&visitor=" + url.QueryEscape(user))
	if err != nil {
		s.t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return string(text)
}

func TestServerLibrariesTellTheEdgeUnchanged(t *testing.T) {
	s := libraryServer(t, "identity unsigned")
	for _, library := range serverLibraries {
		t.Run(library, func(t *testing.T) {
			user := "ada-" + filepath.Base(library) + filepath.Dir(library)
			if said := s.sendWith(library, "tallowby-web", user); said != "9 delivered\n" {
				t.Errorf("the library says:\n%s", said)
			}
			if known := s.knows(user); !slices.Equal(known, []string{"aliased", "grouped", "identified", "tracked-once"}) {
				t.Errorf("the edge knows %q", known)
			}
			if said := s.sendWith(library, "docs-web", "eve"); !strings.HasSuffix(said, "0 delivered\n") || !strings.Contains(said, "[401] Unauthorized") {
				t.Errorf("with a wrong write key the library says:\n%s", said)
			}
			if known := s.knows("eve"); len(known) != 0 {
				t.Errorf("the edge knows %q of eve", known)
			}
		})
	}
}

func TestServerLibrariesAreBelievedWithTheirSecretWhereProofsAreAsked(t *testing.T) {
	const secret = "b1946ac92492d2347c6235b4d2611184b1946ac92492d2347c6235b4d2611184"
	s := libraryServer(t, "identity signed {\n\t\t\tsecret "+strings.Repeat("0123456789abcdef", 4)+"\n\t\t\tserver_secret "+secret+"\n\t\t}")
	for _, library := range serverLibraries {
		t.Run(library, func(t *testing.T) {
			user := "ada-of-" + filepath.Base(library) + filepath.Dir(library)
			if said := s.sendWith(library, "tallowby-web:"+secret, user); said != "9 delivered\n" {
				t.Errorf("with the secret the library says:\n%s", said)
			}
			if told := s.explained(user); !strings.Contains(told, `"known":true,"level":"proven"`) {
				t.Errorf("with the secret the edge says:\n%s", told)
			}
			eve := "eve-of-" + filepath.Base(library) + filepath.Dir(library)
			for _, writeKey := range []string{"tallowby-web", "tallowby-web:wrong"} {
				s.sendWith(library, writeKey, eve)
				if told := s.explained(eve); !strings.Contains(told, `"known":false`) {
					t.Errorf("with the write key %s the edge says:\n%s", writeKey, told)
				}
			}
		})
	}
}
