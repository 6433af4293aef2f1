package workspace

import (
	"encoding/json"
	"regexp"

	"github.com/BurntSushi/toml"

	"handbill/engine/content"
)

// Schema is the JSON Schema (draft 7) of a workspace's files, by which editors
// complete and explain keys while an author types. It knows every key, type
// and word; what depends on several keys, such as end after start, is for
// Compile to say.
func Schema() ([]byte, error) {
	schema := tableSchema(documentKeys)
	schema["$schema"] = "http://json-schema.org/draft-07/schema#"
	schema["title"] = "Handbill workspace"
	schema["description"] = "Settings and in-app messages of a Handbill workspace, in one file or one of several."
	return json.MarshalIndent(schema, "", "  ")
}

func tableSchema(keys []key) map[string]any {
	properties := make(map[string]any)
	required, onPages := []string{}, false
	for _, k := range keys {
		if k.later {
			continue
		}
		properties[k.name] = k.schema()
		switch {
		case k.required && k.name == pagesKey:
			onPages = true
		case k.required:
			required = append(required, k.name)
		}
	}
	schema := map[string]any{"type": "object", "properties": properties, "required": required, "additionalProperties": false}
	if onPages {
		inInbox := map[string]any{"properties": map[string]any{"display": map[string]any{"const": content.DisplayInbox}}, "required": []string{"display"}}
		schema["if"] = map[string]any{"anyOf": []any{inInbox, map[string]any{"required": []string{"template"}}}}
		schema["else"] = map[string]any{"required": []string{pagesKey}}
	}
	return schema
}

// pagesKey is a key that every message must have but those in the inbox.
const pagesKey = "pages"

// schema is what may stand as the key's value. A date-time is a string to JSON Schema.
func (k key) schema() map[string]any {
	schema := make(map[string]any)
	switch k.kind {
	case aText, aMoment:
		schema["type"] = "string"
	case aNumber:
		schema["type"] = "integer"
	case aTruth:
		schema["type"] = "boolean"
	case aTextList:
		items := map[string]any{"type": "string"}
		if k.words != nil {
			items["enum"] = k.words
		}
		schema["type"], schema["items"] = "array", items
	case aTable:
		schema = tableSchema(k.keys)
		switch {
		case k.free:
			schema["additionalProperties"] = true
		case k.each != nil:
			schema["additionalProperties"] = k.each.schema()
		}
	case aTextOrTable:
		text := map[string]any{"type": "string"}
		if k.words != nil {
			text["enum"] = k.words
		}
		schema["anyOf"] = []any{text, tableSchema(k.keys)}
	case aTextOrTexts:
		text := map[string]any{"type": "string"}
		schema["anyOf"] = []any{text, map[string]any{"type": "array", "items": text}}
	case aTables:
		schema["type"], schema["items"] = "array", tableSchema(k.keys)
	}
	if k.words != nil && k.kind == aText {
		schema["enum"] = k.words
	}
	if k.meaning != "" {
		schema["description"] = link.ReplaceAllString(k.meaning, "$1")
	}
	var written struct{ Value any }
	if _, err := toml.Decode("Value = "+k.fallback, &written); err == nil {
		schema["default"] = written.Value
	}
	return schema
}

// link is a Markdown link, whose address means nothing outside the documentation.
var link = regexp.MustCompile(`\[([^\]]*)\]\([^)]*\)`)
