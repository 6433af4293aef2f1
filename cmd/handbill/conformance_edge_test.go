package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// workspaceSays is whether the admin API says a word of the run's workspace: of its messages, or of problems with it.
func (v *guest) workspaceSays(word string) bool {
	v.t.Helper()
	for _, path := range []string{"", v.name + "/statistics"} {
		answer, err := http.Get("http://" + v.suite.server.admin + "/handbill/" + path)
		if err != nil {
			v.t.Fatal(err)
		}
		text, err := io.ReadAll(answer.Body)
		_ = answer.Body.Close()
		if err != nil {
			v.t.Fatal(err)
		}
		for _, part := range strings.Split(string(text), `"name":`) {
			if (path != "" || strings.HasPrefix(part, quote(v.name))) && strings.Contains(part, word) {
				return true
			}
		}
	}
	return false
}

// counts are what `messages stats` says of a message, such as "OPENED 1, CLICKED 1"; deliveries and viewers are left out.
func (v *guest) counts(message string) string {
	v.t.Helper()
	answer, err := http.Get("http://" + v.suite.server.admin + "/handbill/" + v.name + "/statistics")
	if err != nil {
		v.t.Fatal(err)
	}
	defer answer.Body.Close()
	var all struct {
		Messages []struct {
			Message                            string
			Opened, Clicked, Dismissed, Errors int
		}
	}
	if err := json.NewDecoder(answer.Body).Decode(&all); err != nil {
		v.t.Fatal(err)
	}
	for _, m := range all.Messages {
		if m.Message != message {
			continue
		}
		var told []string
		for _, count := range []struct {
			name  string
			value int
		}{{"opened", m.Opened}, {"clicked", m.Clicked}, {"dismissed", m.Dismissed}, {"errors", m.Errors}} {
			if count.value > 0 {
				told = append(told, fmt.Sprintf("%s %d", count.name, count.value))
			}
		}
		return strings.Join(told, ", ")
	}
	return "unknown"
}

// counted waits until the edge has counted what it should.
func (v *guest) counted(message, want string) {
	v.t.Helper()
	got := ""
	for deadline := time.Now().Add(patience / 3); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		if got = v.counts(message); got == want {
			return
		}
	}
	v.t.Errorf("the edge has counted of %s: %s; want %s", message, got, want)
}
