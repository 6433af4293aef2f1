package caddymodule

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"
)

// Caddy's documentation of a module is made from its fields' comments.
func TestEveryJSONFieldIsDocumented(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	fields := 0
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		syntax, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		for _, field := range jsonFields(syntax) {
			fields++
			text := strings.TrimSpace(field.Doc.Text())
			if !strings.HasSuffix(text, ".") || len(text) < 20 {
				t.Errorf("%s: the comment of %s is not a sentence: %q", file, field.Names[0], text)
			}
		}
	}
	if fields < 20 {
		t.Errorf("only %d JSON fields found; does this test still look at the right package?", fields)
	}
}

// jsonFields are the fields of exported structures that stand in the configuration.
func jsonFields(file *ast.File) []*ast.Field {
	var fields []*ast.Field
	ast.Inspect(file, func(node ast.Node) bool {
		declaration, ok := node.(*ast.TypeSpec)
		if !ok {
			return true
		}
		structure, ok := declaration.Type.(*ast.StructType)
		if !ok || !declaration.Name.IsExported() {
			return true
		}
		for _, field := range structure.Fields.List {
			if field.Tag == nil {
				continue
			}
			tag, err := strconv.Unquote(field.Tag.Value)
			if err != nil || reflect.StructTag(tag).Get("json") == "" {
				continue
			}
			fields = append(fields, field)
		}
		return true
	})
	return fields
}
