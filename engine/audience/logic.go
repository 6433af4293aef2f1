package audience

// Logic has three values: true, false, and missing for what cannot be decided. It is decided as soon as one side
// decides it: false && anything is false, true || anything is true, whatever is missing on the other side.

// both is a chain of &&.
type both struct{ parts []node }

func (n *both) value(f *Facts) value {
	result := yes
	for _, each := range n.parts {
		switch v := each.value(f); {
		case v.kind != boolean:
			result = value{}
		case v.whole == 0:
			return no
		}
	}
	return result
}

// either is a chain of ||.
type either struct{ parts []node }

func (n *either) value(f *Facts) value {
	result := no
	for _, each := range n.parts {
		switch v := each.value(f); {
		case v.kind != boolean:
			result = value{}
		case v.whole != 0:
			return yes
		}
	}
	return result
}

// not is !. What cannot be decided cannot be decided when negated either: !(plan == "trial") is plan != "trial".
type not struct{ of node }

func (n *not) value(f *Facts) value {
	v := n.of.value(f)
	if v.kind != boolean {
		return value{}
	}
	return truth(v.whole == 0)
}

// choice is condition ? then : otherwise.
type choice struct{ condition, then, otherwise node }

func (n *choice) value(f *Facts) value {
	switch v := n.condition.value(f); {
	case v.kind != boolean:
		return value{}
	case v.whole != 0:
		return n.then.value(f)
	default:
		return n.otherwise.value(f)
	}
}

// equality is == and !=.
type equality struct {
	left, right node
	differs     bool
}

func (n *equality) value(f *Facts) value {
	same, comparable := equal(n.left.value(f), n.right.value(f))
	if !comparable {
		return value{}
	}
	return truth(same != n.differs)
}

// comparison is <, <=, > and >=.
type comparison struct {
	left, right node
	// holds by the order: before, same, after.
	holds [3]bool
}

func (n *comparison) value(f *Facts) value {
	c, comparable := order(n.left.value(f), n.right.value(f))
	if !comparable {
		return value{}
	}
	return truth(n.holds[c+1])
}

// membership of a value in a list, or of a name in an object.
type in struct{ item, collection node }

func (n *in) value(f *Facts) value {
	collection, item := n.collection.value(f), n.item.value(f)
	switch {
	case collection.kind == object && item.kind == text:
		return truth(collection.field(item.text).kind != missing)
	case collection.kind != list || item.kind == missing:
		return value{}
	}
	// Nothing in the list that the item could be compared with: that is a mistake of types, not an answer.
	length, found := collection.length(), collection.length() == 0
	if !f.spend(length / 16) {
		return value{}
	}
	for i := range length {
		same, comparable := equal(collection.item(i), item)
		if same {
			return yes
		}
		found = found || comparable
	}
	if !found {
		return value{}
	}
	return no
}

// inEvents says that an event has happened.
type inEvents struct{ name node }

func (n *inEvents) value(f *Facts) value {
	name := n.name.value(f)
	if name.kind != text {
		return value{}
	}
	return truth(f.event(name.text).Count > 0)
}

// inTexts is membership in a long list of texts.
type inTexts struct {
	item  node
	texts map[string]struct{}
}

func (n *inTexts) value(f *Facts) value {
	item := n.item.value(f)
	if item.kind != text {
		return value{}
	}
	_, found := n.texts[item.text]
	return truth(found)
}

// listOf is a list that is written with parts that are not literals. It is missing where one of them is.
type listOf struct{ parts []node }

func (n *listOf) value(f *Facts) value {
	items := make([]value, len(n.parts))
	for i, each := range n.parts {
		if items[i] = each.value(f); items[i].kind == missing {
			return value{}
		}
	}
	return value{kind: list, items: items}
}

// quantifier is list.all, list.exists and list.exists_one.
type quantifier struct {
	how   string
	over  node
	holds node
}

func (n *quantifier) value(f *Facts) value {
	over := n.over.value(f)
	names, isObject := over.items.(map[string]any)
	if over.kind != list && over.kind != object {
		return value{}
	}
	q := counting{how: n.how}
	depth := len(f.locals)
	f.locals = append(f.locals, value{})
	// Looked up anew each time: inner quantifiers may move the slice.
	decided := func(item value) bool {
		f.locals[depth] = item
		return !f.spend(1) || q.decided(n.holds.value(f))
	}
	if isObject {
		for name := range names {
			if decided(ofText(name)) {
				break
			}
		}
	} else {
		for i := range over.length() {
			if decided(over.item(i)) {
				break
			}
		}
	}
	f.locals[depth] = value{}
	f.locals = f.locals[:depth]
	if f.spent > maxSteps {
		return value{}
	}
	return q.result()
}

// counting counts for how many items a quantifier's condition holds.
type counting struct {
	how              string
	holding, missing int
	failed           bool
}

// decided takes in one item's answer, and says whether more items change nothing.
func (q *counting) decided(v value) bool {
	switch {
	case v.kind != boolean:
		q.missing++
	case v.whole != 0:
		q.holding++
	default:
		q.failed = true
	}
	switch q.how {
	case "all":
		return q.failed
	case "exists":
		return q.holding > 0
	default:
		return q.holding > 1
	}
}

func (q *counting) result() value {
	switch q.how {
	case "all":
		return decide(q.failed, no, q.missing, yes)
	case "exists":
		return decide(q.holding > 0, yes, q.missing, no)
	default:
		return decide(q.holding > 1, no, q.missing, truth(q.holding == 1))
	}
}

func decide(early bool, answer value, unknown int, otherwise value) value {
	switch {
	case early:
		return answer
	case unknown > 0:
		return value{}
	}
	return otherwise
}
