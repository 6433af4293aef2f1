package audience

import (
	"encoding/json"
	"math"
	"strings"
	"time"
)

// kind says what a value is.
type kind uint8

const (
	// missing: nothing is known. It stays missing through every operation but has, default, && and ||.
	missing kind = iota
	boolean
	integer
	decimal
	text
	moment
	span
	release
	list
	object
	occurrence
)

// value is what an expression yields. It is passed by value, so that nothing is allocated for it.
type value struct {
	kind kind
	// whole is a boolean's 0 or 1, an integer, a decimal's bits, a moment's microseconds since 1970, or a span's
	// nanoseconds.
	whole int64
	// text is a text, a release's number, or the name of an occurrence's event.
	text string
	// items are a list's []any, []string, *[]string or []value, or an object's map[string]any.
	items any
}

var (
	yes = value{kind: boolean, whole: 1}
	no  = value{kind: boolean}
)

func truth(holds bool) value {
	if holds {
		return yes
	}
	return no
}

func ofText(s string) value   { return value{kind: text, text: s} }
func ofInteger(n int64) value { return value{kind: integer, whole: n} }
func ofSpan(d time.Duration) value {
	return value{kind: span, whole: int64(d)}
}

// ofDecimal is missing for what is no finite number, as the result of a division by zero.
func ofDecimal(n float64) value {
	if math.IsNaN(n) || math.IsInf(n, 0) {
		return value{}
	}
	return value{kind: decimal, whole: int64(math.Float64bits(n))}
}

// known is a text that is missing where it is empty.
func known(s string) value {
	if s == "" {
		return value{}
	}
	return ofText(s)
}

// ofTime is missing for the zero time.
func ofTime(t time.Time) value {
	if t.IsZero() {
		return value{}
	}
	return value{kind: moment, whole: t.UnixMicro()}
}

func (v value) time() time.Time { return time.UnixMicro(v.whole).UTC() }

// of reads a value as a visitor's record has it. A whole number stays a decimal: JSON has one kind of number, and
// seats / 2 is to be the same for 5 and for 5.5.
func of(native any) value {
	switch native := native.(type) {
	case string:
		return ofText(native)
	case float64:
		return ofDecimal(native)
	case bool:
		return truth(native)
	case []any, []string:
		return value{kind: list, items: native}
	case map[string]any:
		return value{kind: object, items: native}
	case time.Time:
		return ofTime(native)
	case float32:
		return ofDecimal(float64(native))
	case int:
		return ofDecimal(float64(native))
	case int64:
		return ofDecimal(float64(native))
	case uint64:
		return ofDecimal(float64(native))
	case json.Number:
		if number, err := native.Float64(); err == nil {
			return ofDecimal(number)
		}
	}
	return value{}
}

// length is how many items a list or an object has.
func (v value) length() int {
	switch items := v.items.(type) {
	case []any:
		return len(items)
	case []string:
		return len(items)
	case *[]string:
		return len(*items)
	case []value:
		return len(items)
	case map[string]any:
		return len(items)
	}
	return 0
}

// item is a list's item; the caller minds the bounds.
func (v value) item(i int) value {
	switch items := v.items.(type) {
	case []any:
		return of(items[i])
	case []string:
		return ofText(items[i])
	case *[]string:
		return ofText((*items)[i])
	case []value:
		return items[i]
	}
	return value{}
}

// field is what an object holds under a name.
func (v value) field(name string) value {
	if fields, ok := v.items.(map[string]any); ok && v.kind == object {
		return of(fields[name])
	}
	return value{}
}

func (v value) isTrue() bool { return v.kind == boolean && v.whole != 0 }

func (v value) isNumber() bool { return v.kind == integer || v.kind == decimal }

// float is a number's value; an integer beyond 2^53 is rounded.
func (v value) float() float64 {
	if v.kind == integer {
		return float64(v.whole)
	}
	return math.Float64frombits(uint64(v.whole))
}

// order compares two values: negative, zero or positive. It is false where they cannot be compared: they are of
// different kinds, or of one that has no order. A time is compared with a text or a number that can be read as one, a
// version with a text.
func order(a, b value) (int, bool) {
	if a.kind != b.kind {
		switch {
		case a.isNumber() && b.isNumber():
			return orderNumbers(a, b), true
		case a.kind == moment:
			b = readTime(b)
		case b.kind == moment:
			a = readTime(a)
		case a.kind == release:
			b = readRelease(b)
		case b.kind == release:
			a = readRelease(a)
		}
		if a.kind != b.kind {
			return 0, false
		}
	}
	switch a.kind {
	case integer, span, moment:
		return compare(a.whole, b.whole), true
	case decimal:
		return compare(a.float(), b.float()), true
	case text:
		return strings.Compare(a.text, b.text), true
	case release:
		return orderReleases(a.text, b.text), true
	}
	return 0, false
}

func compare[T int64 | float64](a, b T) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// orderNumbers compares an integer with a decimal without rounding either.
func orderNumbers(a, b value) int {
	if a.kind == decimal {
		return -orderNumbers(b, a)
	}
	number := b.float()
	switch {
	case number >= 1<<63:
		return -1
	case number < -1<<63:
		return 1
	}
	truncated := math.Trunc(number)
	if c := compare(a.whole, int64(truncated)); c != 0 {
		return c
	}
	return compare(truncated, number)
}

// equal says whether two values are the same. It is false in the second place where they cannot be compared.
func equal(a, b value) (same, comparable bool) {
	switch {
	case a.kind == text && b.kind == text:
		return a.text == b.text, true
	case a.kind == boolean && b.kind == boolean:
		return a.whole == b.whole, true
	case a.kind == list && b.kind == list:
		return equalLists(a, b)
	}
	c, comparable := order(a, b)
	return comparable && c == 0, comparable
}

func equalLists(a, b value) (same, comparable bool) {
	if a.length() != b.length() {
		return false, true
	}
	for i := range a.length() {
		if same, comparable := equal(a.item(i), b.item(i)); !same {
			return false, comparable
		}
	}
	return true, true
}
