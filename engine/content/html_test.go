package content

import (
	"encoding/json"
	"os"
	"testing"
)

// testdata/content.json holds every part that a content can have, and
// content.html how it is written. The client's tests build the same file as DOM.
func TestContentIsWrittenAsTheClientBuildsIt(t *testing.T) {
	data, err := os.ReadFile("testdata/content.json")
	if err != nil {
		t.Fatal(err)
	}
	var shown Content
	if err := json.Unmarshal(data, &shown); err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile("testdata/content.html")
	if err != nil {
		t.Fatal(err)
	}
	if got := shown.HTML() + "\n"; got != string(want) {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	// Nothing of the tree is lost on the way to the client.
	again, err := json.Marshal(shown)
	if err != nil {
		t.Fatal(err)
	}
	var same Content
	if err := json.Unmarshal(again, &same); err != nil || same.HTML() != shown.HTML() {
		t.Errorf("through JSON it becomes %s (%v)", same.HTML(), err)
	}
	for tag := range allowed {
		found := false
		for _, step := range shown.Steps {
			walk(step.Body, func(node Node) { found = found || node.Tag == tag })
		}
		if !found {
			t.Errorf("testdata/content.json has no %s", tag)
		}
	}
}
