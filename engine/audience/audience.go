// Package audience says who belongs to whom: conditions over a visitor, a page and a moment ([Condition]), segments, which
// are conditions with a name or lists of ids ([Segments]), and audiences, which combine segments ([Audience]).
//
// Conditions are written in CEL, the Common Expression Language: cel-go parses them, checks their types and estimates
// what they cost. Evaluating is this package's own, for three reasons. A condition is asked on every poll, often
// twenty at a time: it must take a fraction of a microsecond and allocate nothing. What a site does not know of a visitor
// is no error but the normal case: whatever is compared with it does not hold. And every answer is to be
// explained, with the values that were seen. docs/conditions.md says what authors can write.
//
// Everything here is compiled when a workspace loads and safe for concurrent use; only [Facts] belong to one goroutine.
package audience

import (
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"sync"

	"cel.dev/cel-go/cel"
)

// Environment compiles the conditions of one workspace. Identical texts compile once.
type Environment struct {
	types    map[string]string
	language *cel.Env
	// typed knows the declared types of traits; nil where none are declared.
	typed *cel.Env

	mutex      sync.Mutex
	conditions map[string]compiled
	lists      map[string]*idList
	// earlier is what the environment before this one had compiled.
	earlier struct {
		conditions map[string]compiled
		lists      map[string]*idList
	}
}

type compiled struct {
	condition *Condition
	err       error
}

// NewEnvironment prepares compiling. Types says of what type the workspace declares traits to be: "string", "int",
// "float", "bool", "time" or "list"; nil or empty: nothing is declared, and nothing warned of.
func NewEnvironment(types map[string]string) (*Environment, error) {
	var declared map[string]*cel.Type
	for name, word := range types {
		kind, found := declaredTypes[word]
		if !found {
			return nil, fmt.Errorf("the trait %s is declared as %q; write one of string, int, float, bool, time and list", name, word)
		}
		if declared == nil {
			declared = make(map[string]*cel.Type)
		}
		declared[name] = kind
	}
	e := &Environment{types: maps.Clone(types), conditions: make(map[string]compiled), lists: make(map[string]*idList)}
	var err error
	if e.language, err = newLanguage(nil); err != nil {
		return nil, err
	}
	if declared != nil {
		e.typed, err = newLanguage(declared)
	}
	return e, err
}

// TraitTypes are the words by which a workspace declares the types of traits.
func TraitTypes() []string { return slices.Sorted(keys(declaredTypes)) }

// Next prepares compiling the workspace's next version. What this environment compiled is not compiled again if it is
// still asked for; what is not asked for is forgotten with this environment. Conditions stay the same pointers, unless the
// types have changed.
func (e *Environment) Next(types map[string]string) (*Environment, error) {
	e.mutex.Lock()
	defer e.mutex.Unlock()
	next := &Environment{types: e.types, language: e.language, typed: e.typed, conditions: make(map[string]compiled), lists: make(map[string]*idList)}
	if !maps.Equal(e.types, types) {
		var err error
		if next, err = NewEnvironment(types); err != nil {
			return nil, err
		}
	} else {
		next.earlier.conditions = maps.Clone(e.conditions)
	}
	next.earlier.lists = maps.Clone(e.lists)
	return next, nil
}

// Compile compiles a condition. Its error is a [*Problem].
func (e *Environment) Compile(text string) (*Condition, error) {
	c, err := e.compile(text)
	if err != nil {
		return nil, err
	}
	if at, used := c.used["event"]; used {
		return nil, at.problem("event is known only to the filter of a trigger", `to ask for past events write events["signed_up"].count > 0`)
	}
	return c, nil
}

// CompileTrigger compiles the filter of a trigger, which also sees the properties of the event: event.plan. Its error
// is a [*Problem].
func (e *Environment) CompileTrigger(text string) (*Condition, error) { return e.compile(text) }

func (e *Environment) compile(text string) (*Condition, error) {
	e.mutex.Lock()
	known, found := e.conditions[text]
	if !found {
		known, found = e.earlier.conditions[text]
	}
	e.mutex.Unlock()
	if !found {
		known.condition, known.err = newCondition(e, text)
	}
	e.mutex.Lock()
	defer e.mutex.Unlock()
	// Two may have compiled the same text at once: one of them stays.
	if first, found := e.conditions[text]; found {
		known = first
	} else {
		e.conditions[strings.Clone(text)] = known
	}
	return known.condition, known.err
}

// keys are a map's keys, in any order.
func keys[K comparable, V any](m map[K]V) iter.Seq[K] { return maps.Keys(m) }
