package main

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
	"github.com/tdewolff/parse/v2"
	"github.com/tdewolff/parse/v2/js"
)

// letters are what names are made of, the most frequent letters of scripts first.
const letters = "etnsoiarclduhmfpgvbjy_wOxCEkASMFTzDNLRPHIBV$WUKqYGXQZJ"

var (
	placeholder = regexp.MustCompile(`\bHANDBILL_\d+_\b`)
	word        = regexp.MustCompile(`[\w$]+`)
	// literal is what looks like a variable and is none: what stands in quotes, a class of characters, also a pattern's first, a range of
	// them, the end of a path, and the sign that ends a pattern, or begins an expression in a text.
	literal = regexp.MustCompile(`"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|\\[A-Za-z]|\^\[[a-z]+\]|/[a-z]\?|a-z|\$(?:[/{]|\|[a-z])`)
)

// rename gives the variables of a script short names, beginning anew in each scope: what many functions call the same, such
// as their first arguments, compresses better than the names that esbuild gives. It is an error where that would change
// anything else: esbuild must see the same script in what comes in and in what goes out.
func rename(script []byte, target api.Target) ([]byte, error) {
	tree, err := js.Parse(parse.NewInputBytes(slices.Clone(script)), js.Options{})
	if err != nil {
		return nil, fmt.Errorf("reading a script to name its variables: %w", err)
	}
	names := &renamer{}
	js.Walk(names, tree)
	// Each variable has a name of its own while the script is printed: esbuild gives others to those that shadow one.
	for i, variable := range names.variables {
		variable.Data = fmt.Appendf(nil, "HANDBILL_%d_", i)
	}
	var text bytes.Buffer
	tree.JS(&text)
	printed, err := transform(text.Bytes(), target, false)
	if err != nil {
		return nil, err
	}
	renamed := placeholder.ReplaceAllFunc(printed, func(name []byte) []byte {
		i := 0
		_, _ = fmt.Sscanf(string(name), "HANDBILL_%d_", &i)
		return names.names[i]
	})
	return renamed, sameScript(script, renamed, target)
}

func transform(script []byte, target api.Target, names bool) ([]byte, error) {
	result := api.Transform(string(script), api.TransformOptions{
		Target: target, Charset: api.CharsetASCII, LegalComments: api.LegalCommentsNone, MinifyWhitespace: true, MinifySyntax: true, MinifyIdentifiers: names,
	})
	return bytes.TrimSpace(result.Code), problems(result.Errors, result.Warnings)
}

// sameScript makes sure that two scripts differ in the names of their variables alone: where esbuild names them, the texts
// are the same but for names that stand for each other everywhere.
func sameScript(script, renamed []byte, target api.Target) error {
	before, err := transform(script, target, true)
	if err != nil {
		return err
	}
	after, err := transform(renamed, target, true)
	if err != nil {
		return err
	}
	same := slices.EqualFunc(literal.FindAll(before, -1), literal.FindAll(after, -1), bytes.Equal)
	before, after = literal.ReplaceAll(before, []byte(`""`)), literal.ReplaceAll(after, []byte(`""`))
	wordsBefore, wordsAfter := word.FindAllIndex(before, -1), word.FindAllIndex(after, -1)
	same = same && len(wordsBefore) == len(wordsAfter) && bytes.Equal(word.ReplaceAll(before, nil), word.ReplaceAll(after, nil))
	there, back := map[string]string{}, map[string]string{}
	for i := 0; same && i < len(wordsBefore); i++ {
		at, to := wordsBefore[i], wordsAfter[i]
		a, b := string(before[at[0]:at[1]]), string(after[to[0]:to[1]])
		if a == b && (!isShort(a) || isNoVariable(before, at)) {
			continue
		}
		if there[a] == "" && back[b] == "" {
			there[a], back[b] = b, a
		}
		same = there[a] == b && back[b] == a && isShort(a) && isShort(b)
	}
	if !same {
		return errors.New("naming a script's variables would change what it does")
	}
	return nil
}

// isShort says whether a word may be what esbuild calls a variable.
func isShort(word string) bool { return len(word) <= 2 && (word[0] < '0' || word[0] > '9') }

// isNoVariable says whether a word may be a property or a part of a text or of a pattern, by what stands beside it.
func isNoVariable(script []byte, at []int) bool {
	const before, after = ".\"'`\\-", ":\"'`-"
	return at[0] > 0 && strings.IndexByte(before, script[at[0]-1]) >= 0 || at[1] < len(script) && strings.IndexByte(after, script[at[1]]) >= 0
}

// renamer chooses names for the variables of each scope that it comes to, from the outer ones to the inner.
type renamer struct {
	variables []*js.Var
	names     [][]byte
}

// Enter implements [js.IVisitor].
func (r *renamer) Enter(node js.INode) js.IVisitor {
	if block, ok := node.(*js.BlockStmt); ok && block.Parent != nil {
		r.nameIn(&block.Scope)
	}
	return r
}

// Exit implements [js.IVisitor].
func (*renamer) Exit(js.INode) {}

// nameIn names what a scope declares: its arguments in their order, then what is used most.
func (r *renamer) nameIn(scope *js.Scope) {
	slices.SortStableFunc(scope.Declared[scope.NumFuncArgs:], func(a, b *js.Var) int { return int(b.Uses) - int(a.Uses) })
	next := 0
	for _, variable := range scope.Declared {
		name := nameOf(next)
		for next++; js.Keywords[name] != 0 || usesFromOutside(scope, name); next++ {
			name = nameOf(next)
		}
		variable.Data = []byte(name)
		r.variables, r.names = append(r.variables, variable), append(r.names, variable.Data)
	}
}

// nameOf is the name of a number: the short ones first.
func nameOf(number int) string {
	var name strings.Builder
	for {
		name.WriteByte(letters[number%len(letters)])
		if number /= len(letters); number == 0 {
			return name.String()
		}
		number--
	}
}

// usesFromOutside says whether a scope, or one in it, uses a variable of that name which it does not declare.
func usesFromOutside(scope *js.Scope, name string) bool {
	return slices.ContainsFunc(scope.Undeclared, func(variable *js.Var) bool {
		for variable.Link != nil {
			variable = variable.Link
		}
		return string(variable.Data) == name
	})
}
