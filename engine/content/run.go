package content

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/osteele/liquid/expressions"
	"github.com/osteele/liquid/values"
)

// limits bound what rendering one content may take, whatever its template and
// its values are. Over a limit the content cannot be had.
type limits struct {
	// steps is how many parts of templates are walked through; an iteration of a loop is at least one.
	steps int
	// size is how long all texts together may become, in bytes.
	size int
	// items is how far a loop goes, and how long a list inside a template may become.
	items int
	// time is how long all of it may take.
	time time.Duration
}

var defaultLimits = limits{steps: 10_000, size: 4 * maximumTextLength, items: 10_000, time: 100 * time.Millisecond}

// A value does not go into the text that Markdown reads, but a slot does: a
// character of a private use area, which means nothing to Markdown. What the
// text becomes then gets the values, as text. Nothing in a value can be
// understood as anything else.
const (
	firstSlot = '\U000F0000'
	lastSlot  = '\U000FFFFD'
)

func isSlot(r rune) bool { return r >= firstSlot && r <= lastSlot }

// slotValue is what was put out at one place of a text.
type slotValue struct {
	text string
	// encoded is set for a value that is percent-encoded already.
	encoded bool
}

// budget is what is left of the limits while one content is rendered.
type budget struct {
	limits
	deadline time.Time
}

func newBudget(l limits) *budget {
	return &budget{limits: l, deadline: time.Now().Add(l.time)}
}

// run is one program being run.
type run struct {
	bindings map[string]any
	context  expressions.Context
	out      strings.Builder
	// slots are the values that were put out; nil inside a capture, whose text is a value itself.
	slots   []slotValue
	capture int
	// arm is which alternative of every tag is taken, in place of the one that fits; -1 for that one. With it a
	// program is tried without values.
	arm    int
	cycles map[string]int
	budget *budget
}

var (
	errBreak    = errors.New("break outside of a loop")
	errContinue = errors.New("continue outside of a loop")
)

// execute runs a program with values and returns its text with slots, and what belongs in them.
func (p *program) execute(bindings map[string]any, arm int, b *budget) (text string, slots []slotValue, err error) {
	defer func() {
		// A filter or a comparison of the library may fail by panic.
		if failure := recover(); failure != nil {
			err = fmt.Errorf("the template failed: %v", failure)
		}
	}()
	r := &run{bindings: bindings, arm: arm, budget: b}
	r.context = expressions.NewContext(bindings, liquid().Config.Config)
	if err := r.nodes(p.nodes); err != nil && !errors.Is(err, errBreak) && !errors.Is(err, errContinue) {
		return "", nil, err
	}
	return r.out.String(), r.slots, nil
}

func (r *run) nodes(nodes []node) error {
	for _, n := range nodes {
		if err := r.step(); err != nil {
			return err
		}
		if err := n.run(r); err != nil {
			return err
		}
	}
	return nil
}

// step takes one step from the budget.
func (r *run) step() error {
	r.budget.steps--
	switch {
	case r.budget.steps < 0:
		return errors.New("the template takes too many steps: its loops go too far")
	case r.budget.steps%64 == 0 && time.Now().After(r.budget.deadline):
		return errors.New("the template takes too long")
	}
	return nil
}

func (r *run) write(text string) error {
	r.budget.size -= len(text)
	if r.budget.size < 0 {
		return errors.New("the text becomes too long")
	}
	r.out.WriteString(text)
	return nil
}

// evaluate is an expression's value. A run that tries alternatives has no values.
func (r *run) evaluate(e expressions.Expression) (any, error) {
	if r.arm >= 0 {
		return nil, nil
	}
	return e.Evaluate(r.context)
}

type textNode string

func (n textNode) run(r *run) error { return r.write(string(n)) }

type outputNode struct {
	expression expressions.Expression
	encoded    bool
}

func (n *outputNode) run(r *run) error {
	value, err := r.evaluate(n.expression)
	if err != nil {
		return err
	}
	text := textOf(value)
	if r.capture > 0 {
		return r.write(text)
	}
	if r.budget.size -= len(text); r.budget.size < 0 {
		return errors.New("the text becomes too long")
	}
	slot := firstSlot + rune(len(r.slots))
	if slot > lastSlot {
		return errors.New("the text holds too many values")
	}
	r.slots = append(r.slots, slotValue{text, n.encoded})
	r.out.WriteRune(slot)
	return nil
}

type branchArm struct {
	// test is nil for else.
	test    expressions.Expression
	negated bool
	body    []node
}

type branchNode struct{ arms []branchArm }

func (n *branchNode) run(r *run) error {
	if r.arm >= 0 {
		return r.nodes(n.arms[min(r.arm, len(n.arms)-1)].body)
	}
	for _, arm := range n.arms {
		holds := true
		if arm.test != nil {
			value, err := r.evaluate(arm.test)
			if err != nil {
				return err
			}
			holds = (value != nil && value != false) != arm.negated
		}
		if holds {
			return r.nodes(arm.body)
		}
	}
	return nil
}

type caseArm struct {
	// values are none for else.
	values []expressions.Expression
	body   []node
}

type caseNode struct {
	subject expressions.Expression
	arms    []caseArm
}

func (n *caseNode) run(r *run) error {
	if r.arm >= 0 && len(n.arms) > 0 {
		return r.nodes(n.arms[min(r.arm, len(n.arms)-1)].body)
	}
	subject, err := r.evaluate(n.subject)
	if err != nil {
		return err
	}
	for _, arm := range n.arms {
		if arm.values == nil {
			return r.nodes(arm.body)
		}
		for _, e := range arm.values {
			value, err := r.evaluate(e)
			if err != nil {
				return err
			}
			if values.Equal(subject, value) {
				return r.nodes(arm.body)
			}
		}
	}
	return nil
}

type assignNode struct {
	name  string
	value expressions.Expression
}

func (n *assignNode) run(r *run) error {
	value, err := r.evaluate(n.value)
	if err != nil {
		return err
	}
	r.bindings[n.name] = value
	return nil
}

// captureNode keeps what its body writes as a value, which is text wherever it is put out.
type captureNode struct {
	name string
	body []node
}

func (n *captureNode) run(r *run) error {
	outside := r.out.String()
	r.out.Reset()
	r.capture++
	err := r.nodes(n.body)
	r.capture--
	r.bindings[n.name] = r.out.String()
	r.out.Reset()
	r.out.WriteString(outside)
	return err
}

type cycleNode struct {
	group string
	texts []string
}

func (n *cycleNode) run(r *run) error {
	key := n.group + "\x00" + strings.Join(n.texts, "\x00")
	if r.cycles == nil {
		r.cycles = make(map[string]int)
	}
	at := r.cycles[key]
	r.cycles[key]++
	return r.write(n.texts[at%len(n.texts)])
}

// jumpNode is break or continue.
type jumpNode string

func (n jumpNode) run(*run) error {
	if n == "break" {
		return errBreak
	}
	return errContinue
}

type loopNode struct {
	loop            expressions.Loop
	body, otherwise []node
}

func (n *loopNode) run(r *run) error {
	if r.arm > 0 && n.otherwise != nil {
		return r.nodes(n.otherwise)
	}
	list, err := n.items(r)
	if err != nil {
		return err
	}
	if len(list) == 0 {
		return r.nodes(n.otherwise)
	}
	item, forloop := r.bindings[n.loop.Variable], r.bindings["forloop"]
	defer func() { r.bindings[n.loop.Variable], r.bindings["forloop"] = item, forloop }()
	for i, value := range list {
		if err := r.step(); err != nil {
			return err
		}
		r.bindings[n.loop.Variable] = value
		r.bindings["forloop"] = map[string]any{
			"first": i == 0, "last": i == len(list)-1, "index": i + 1, "index0": i,
			"rindex": len(list) - i, "rindex0": len(list) - i - 1, "length": len(list),
		}
		switch err := r.nodes(n.body); {
		case errors.Is(err, errBreak):
			return nil
		case err != nil && !errors.Is(err, errContinue):
			return err
		}
	}
	return nil
}

// items are what the loop goes through, after its offset, limit and reversed.
func (n *loopNode) items(r *run) ([]any, error) {
	if r.arm >= 0 {
		return []any{nil}, nil
	}
	value, err := r.evaluate(n.loop.Expr)
	if err != nil {
		return nil, err
	}
	list, err := listOf(value, r.budget.limits)
	if err != nil {
		return nil, err
	}
	if n.loop.Offset != nil {
		offset, err := r.evaluate(n.loop.Offset)
		if err != nil {
			return nil, err
		}
		list = list[min(max(int(number(offset)), 0), len(list)):]
	}
	if n.loop.Limit != nil {
		limit, err := r.evaluate(n.loop.Limit)
		if err != nil {
			return nil, err
		}
		list = list[:min(max(int(number(limit)), 0), len(list))]
	}
	if n.loop.Reversed {
		list = reversed(list)
	}
	return list, nil
}
