package workspace

import (
	"bytes"
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// editor checks TOML by the schema, as an editor does.
func editor(t *testing.T) func(text string) error {
	t.Helper()
	schema, err := Schema()
	if err != nil {
		t.Fatal(err)
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(schema))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("workspace.json", document); err != nil {
		t.Fatal(err)
	}
	compiled, err := compiler.Compile("workspace.json")
	if err != nil {
		t.Fatal(err)
	}
	return func(text string) error {
		var values map[string]any
		if err := decode(text, &values); err != nil {
			return err
		}
		asJSON, err := json.Marshal(values)
		if err != nil {
			t.Fatal(err)
		}
		value, err := jsonschema.UnmarshalJSON(bytes.NewReader(asJSON))
		if err != nil {
			t.Fatal(err)
		}
		return compiled.Validate(value)
	}
}

func TestTheSchemaAcceptsWhatIsRight(t *testing.T) {
	validate := editor(t)
	demo, err := os.ReadFile("../../examples/messages/messages.toml")
	if err != nil {
		t.Fatal(err)
	}
	right := []string{string(demo), banner, ""}
	for _, example := range regexp.MustCompile("(?s)```toml\n(.*?)```").FindAllStringSubmatch(readDocumentation(t), -1) {
		right = append(right, example[1])
	}
	for _, text := range right {
		if err := validate(text); err != nil {
			t.Errorf("%s\n%v", text, err)
		}
	}
}

func TestTheSchemaRefusesWrongTypesWordsAndKeys(t *testing.T) {
	validate := editor(t)
	refused := 0
	for _, test := range wrongValues {
		kind := regexp.MustCompile(`must be|is missing|is not known|is not supported yet|there is no key`).FindString(test.want)
		switch {
		case kind == "", strings.Contains(test.want, "the action"), test.key == "messages.params" && test.name == "is misspelt", strings.HasSuffix(test.key, "timezone"),
			strings.Contains(test.want, "where: = is not known"),
			test.key == "messages.pages" && strings.Contains(test.want, "it is missing"):
			continue // more than a type, a word or a key
		case strings.Contains(test.want, "must be a date and time, but is text"):
			continue // both are strings to JSON Schema
		case strings.Contains(test.want, "must be text, but is a date and time"):
			continue
		}
		refused++
		if err := validate(test.text); err == nil {
			t.Errorf("accepted: %s %s:\n%s", test.key, test.name, test.text)
		}
	}
	if refused < 60 {
		t.Errorf("only %d wrong values were tried", refused)
	}
}

func TestTheSchemaExplainsKeys(t *testing.T) {
	schema, err := Schema()
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{
		`"default": "until_dismissed"`, `"default": 100`, `"default": true`,
		`"description": "The IANA time zone of every ` + "`start` and `end`" + ` that has none of its own."`,
	} {
		if !bytes.Contains(schema, []byte(part)) {
			t.Errorf("the schema does not have %s", part)
		}
	}
}
