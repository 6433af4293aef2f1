package caddymodule

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"
	"github.com/prometheus/client_golang/prometheus"

	"handbill/engine/source"
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

// reference is the page that describes the Caddyfile.
const reference = "../docs/caddyfile.md"

// pageOfSources is the page that describes where workspaces come from.
const pageOfSources = "../docs/sources.md"

// pageOfSinks is the page that describes sinks.
const pageOfSinks = "../docs/sinks.md"

// manyEdges is the page that describes several edges over one store.
const manyEdges = "../docs/many-edges.md"

// blocks are the code blocks of a page in their order: language and text.
func blocks(t *testing.T, file string) [][2]string {
	t.Helper()
	page, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var found [][2]string
	for _, match := range regexp.MustCompile("(?ms)^```(caddyfile|json)\n(.*?)^```$").FindAllStringSubmatch(string(page), -1) {
		found = append(found, [2]string{match[1], match[2]})
	}
	return found
}

// onlyCaddyfiles leaves out JSON that is no configuration.
func onlyCaddyfiles(all [][2]string) [][2]string {
	return slices.DeleteFunc(all, func(block [2]string) bool { return block[0] != "caddyfile" })
}

func TestEveryExampleOfTheReferenceAdapts(t *testing.T) {
	examples, adapted := 0, ""
	for _, block := range slices.Concat(onlyCaddyfiles(blocks(t, pageOfSinks)), onlyCaddyfiles(blocks(t, pageOfSources)), blocks(t, manyEdges), blocks(t, reference)) {
		switch block[0] {
		case "caddyfile":
			examples++
			var err error
			if adapted, err = adapt(block[1]); err != nil {
				t.Errorf("%v in\n%s", err, block[1])
			}
			if formatted := string(caddyfile.Format([]byte(block[1]))); formatted != block[1] {
				t.Errorf("caddy fmt would write\n%s\ninstead of\n%s", formatted, block[1])
			}
		case "json":
			if strings.TrimSpace(block[1]) != adapted {
				t.Errorf("the JSON is not that of the Caddyfile before it, which is\n%s", adapted)
			}
		}
	}
	if examples < 8 {
		t.Errorf("only %d examples found", examples)
	}
}

func TestTheReferenceDescribesEveryWordAndMetric(t *testing.T) {
	page, err := os.ReadFile(reference)
	if err != nil {
		t.Fatal(err)
	}
	described := func(name string) bool { return strings.Contains(string(page), "`"+name+"`") }
	for _, block := range []words{new(App).words(), new(Handler).words(httpcaddyfile.Helper{})} {
		for name := range block {
			if !described(name) {
				t.Errorf("the word %s is not described", name)
			}
		}
	}
	registry := prometheus.NewRegistry()
	if err := registerMetrics(registry); err != nil {
		t.Fatal(err)
	}
	newEngineRecorder("default").Polled("nothing")
	newEngineRecorder("default").Reported("opened")
	newEngineRecorder("default").ClaimRefused("wrong")
	newEngineRecorder("default").Streamed("opened")
	newEngineRecorder("default").Withheld("shadow")
	newInjectRecorder("default")
	newSourceRecorder("default")(source.ResultChanged, source.State{})
	newSinkRecorder("file")
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	if len(families) != 20 {
		t.Errorf("%d metrics, expected the 20 of the reference", len(families))
	}
	journal := make(chan *prometheus.Desc, 10)
	journals{}.Describe(journal)
	close(journal)
	for one := range journal { // they are there where a store has a journal
		name := strings.Split(one.String(), `"`)[1]
		if !strings.Contains(string(page), "`"+name+"{") {
			t.Errorf("the metric %s is not described", name)
		}
	}
	for _, family := range families {
		if !strings.Contains(string(page), "`"+family.GetName()+"{") {
			t.Errorf("the metric %s is not described", family.GetName())
		}
	}
}
