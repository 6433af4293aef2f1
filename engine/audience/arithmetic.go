package audience

import (
	"math"
	"math/bits"
	"strconv"
	"time"
)

// arithmetic is + - * / %. Integers stay integers, as in CEL; with a decimal on one side both are decimals. What has
// no result, such as a division by zero or an overflow, is missing.
type arithmetic struct {
	operator    byte
	left, right node
}

func (n *arithmetic) value(f *Facts) value {
	a, b := n.left.value(f), n.right.value(f)
	switch {
	case a.kind == integer && b.kind == integer:
		return integers(n.operator, a.whole, b.whole)
	case a.isNumber() && b.isNumber():
		return decimals(n.operator, a.float(), b.float())
	case a.kind == text && b.kind == text && n.operator == '+' && f.spend((len(a.text)+len(b.text))/256):
		return ofText(a.text + b.text)
	}
	return spans(n.operator, a, b)
}

// spans reckons with times: a time and a length of time, two of either.
func spans(operator byte, a, b value) value {
	switch {
	case a.kind == moment && b.kind == moment && operator == '-':
		if total := integers('*', a.whole-b.whole, int64(time.Microsecond)); total.kind == integer {
			return ofSpan(time.Duration(total.whole))
		}
	case a.kind == moment && b.kind == span && operator == '+':
		return inRange(a.time().Add(time.Duration(b.whole)))
	case a.kind == moment && b.kind == span && operator == '-' && b.whole != math.MinInt64:
		return inRange(a.time().Add(-time.Duration(b.whole)))
	case a.kind == span && b.kind == moment && operator == '+':
		return inRange(b.time().Add(time.Duration(a.whole)))
	case a.kind == span && b.kind == span && (operator == '+' || operator == '-'):
		if total := integers(operator, a.whole, b.whole); total.kind == integer {
			return ofSpan(time.Duration(total.whole))
		}
	}
	return value{}
}

func integers(operator byte, a, b int64) value {
	switch operator {
	case '+':
		if sum := a + b; (sum > a) == (b > 0) {
			return ofInteger(sum)
		}
	case '-':
		if difference := a - b; (difference < a) == (b > 0) {
			return ofInteger(difference)
		}
	case '*':
		high, low := bits.Mul64(magnitude(a), magnitude(b))
		if negative := (a < 0) != (b < 0); high == 0 && negative && low <= 1<<63 {
			return ofInteger(-int64(low))
		} else if high == 0 && !negative && low < 1<<63 {
			return ofInteger(int64(low))
		}
	case '/':
		if b != 0 && (a != math.MinInt64 || b != -1) {
			return ofInteger(a / b)
		}
	case '%':
		if b != 0 && (a != math.MinInt64 || b != -1) {
			return ofInteger(a % b)
		}
	}
	return value{}
}

func magnitude(n int64) uint64 {
	if n < 0 {
		return -uint64(n)
	}
	return uint64(n)
}

func decimals(operator byte, a, b float64) value {
	switch operator {
	case '+':
		return ofDecimal(a + b)
	case '-':
		return ofDecimal(a - b)
	case '*':
		return ofDecimal(a * b)
	case '/':
		return ofDecimal(a / b)
	default:
		return ofDecimal(math.Mod(a, b))
	}
}

// negation is - before a number.
type negation struct{ of node }

func (n *negation) value(f *Facts) value {
	switch v := n.of.value(f); v.kind {
	case integer:
		return integers('-', 0, v.whole)
	case decimal:
		return ofDecimal(-v.float())
	}
	return value{}
}

// conversion reads a value as one of another kind; it is missing where it cannot be read so.
type conversion struct {
	of   node
	into func(value) value
}

func (n *conversion) value(f *Facts) value { return n.into(n.of.value(f)) }

// toInteger cuts a decimal's fraction off.
func toInteger(v value) value {
	switch v.kind {
	case integer:
		return v
	case decimal:
		if number := v.float(); number > -1<<63 && number < 1<<63 {
			return ofInteger(int64(number))
		}
	case text:
		if n, err := strconv.ParseInt(v.text, 10, 64); err == nil {
			return ofInteger(n)
		}
	case moment:
		return ofInteger(v.time().Unix())
	}
	return value{}
}

func toDecimal(v value) value {
	switch v.kind {
	case integer, decimal:
		return ofDecimal(v.float())
	case text:
		if n, err := strconv.ParseFloat(v.text, 64); err == nil {
			return ofDecimal(n)
		}
	}
	return value{}
}

func toText(v value) value {
	switch v.kind {
	case text, release:
		return ofText(v.text)
	case integer:
		return ofText(strconv.FormatInt(v.whole, 10))
	case decimal:
		return ofText(strconv.FormatFloat(v.float(), 'f', -1, 64))
	case boolean:
		return ofText(strconv.FormatBool(v.whole != 0))
	case moment:
		return ofText(v.time().Format(time.RFC3339Nano))
	}
	return value{}
}

func toBoolean(v value) value {
	switch {
	case v.kind == boolean:
		return v
	case v.kind == text && v.text == "true":
		return yes
	case v.kind == text && v.text == "false":
		return no
	}
	return value{}
}

func toSpan(v value) value {
	switch v.kind {
	case span:
		return v
	case text:
		if d, err := readSpan(v.text); err == nil {
			return ofSpan(d)
		}
	}
	return value{}
}
