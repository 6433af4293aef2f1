package workspace_test

import (
	"slices"
	"testing"

	"handbill/engine/workspace"
)

func TestMessagesThatDependOnTraitsAreKnown(t *testing.T) {
	snapshot, problems, err := workspace.Compile([]workspace.File{{Name: "messages.toml", Data: []byte(`
[[segments]]
id = "trial-users"
where = 'traits.plan == "trial"'

[[segments]]
id = "newcomers"
where = 'visit.count == 1 && segment("trial-users")'

[[messages]]
id = "for-everybody"
pages = ["*"]
text = "Closed on Monday."

[[messages]]
id = "by-condition"
pages = ["*"]
where = 'traits.seats > 4'
text = "A word on seats."

[[messages]]
id = "by-audience"
pages = ["*"]
audience = ["newcomers"]
text = "Welcome."

[[messages]]
id = "by-visit"
pages = ["*"]
where = 'visit.count > 2'
text = "Welcome back."

[[messages]]
id = "by-text"
pages = ["*"]
text = "Hello {{ traits.first_name | default: 'there' }}."

[[messages]]
id = "by-the-page"
pages = ["*"]
text = "This is {{ page.path }}."

[[messages]]
id = "not-shown"
status = "draft"
pages = ["*"]
where = 'traits.seats > 4'
text = "A word on seats."
`)}})
	if err != nil {
		t.Fatal(err, problems)
	}
	if got := snapshot.ReadTraits(); !slices.Equal(got, []string{"by-condition", "by-audience", "by-text"}) {
		t.Errorf("the messages are %q", got)
	}
}
