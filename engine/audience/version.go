package audience

import (
	"strconv"
	"strings"
)

// readRelease reads the number of a release: one to three numbers with dots, a leading "v" or none, and what Semantic
// Versioning 2.0.0 allows behind them. A number such as 2.1 is read as the text "2.1".
func readRelease(v value) value {
	s := v.text
	switch v.kind {
	case release:
		return v
	case text:
	case integer, decimal:
		s = strconv.FormatFloat(v.float(), 'f', -1, 64)
	default:
		return value{}
	}
	s = strings.TrimPrefix(s, "v")
	numbers, _ := splitRelease(s)
	for count := 1; ; count++ {
		number, rest, more := strings.Cut(numbers, ".")
		if number == "" || count > 3 || strings.Trim(number, "0123456789") != "" {
			return value{}
		}
		if !more {
			return value{kind: release, text: s}
		}
		numbers = rest
	}
}

// splitRelease parts "1.2.3-beta.1+build" into "1.2.3" and "beta.1".
func splitRelease(s string) (numbers, early string) {
	s, _, _ = strings.Cut(s, "+")
	numbers, early, _ = strings.Cut(s, "-")
	return numbers, early
}

// orderReleases compares two numbers of releases by the precedence of Semantic Versioning 2.0.0, section 11. Numbers
// that are left out are 0.
func orderReleases(a, b string) int {
	aNumbers, aEarly := splitRelease(a)
	bNumbers, bEarly := splitRelease(b)
	for aNumbers != "" || bNumbers != "" {
		var x, y string
		x, aNumbers, _ = strings.Cut(aNumbers, ".")
		y, bNumbers, _ = strings.Cut(bNumbers, ".")
		if c := orderDigits(x, y); c != 0 {
			return c
		}
	}
	switch {
	case aEarly == bEarly:
		return 0
	case aEarly == "":
		return 1
	case bEarly == "":
		return -1
	}
	for aEarly != "" && bEarly != "" {
		var x, y string
		x, aEarly, _ = strings.Cut(aEarly, ".")
		y, bEarly, _ = strings.Cut(bEarly, ".")
		if c := orderIdentifiers(x, y); c != 0 {
			return c
		}
	}
	return compare(int64(len(aEarly)), int64(len(bEarly)))
}

// orderDigits compares two numbers of any length.
func orderDigits(a, b string) int {
	a, b = strings.TrimLeft(a, "0"), strings.TrimLeft(b, "0")
	if len(a) != len(b) {
		return compare(int64(len(a)), int64(len(b)))
	}
	return strings.Compare(a, b)
}

// orderIdentifiers compares two parts of a pre-release: numbers by value, and before words.
func orderIdentifiers(a, b string) int {
	aWord, bWord := strings.Trim(a, "0123456789") != "", strings.Trim(b, "0123456789") != ""
	switch {
	case aWord && bWord:
		return strings.Compare(a, b)
	case aWord:
		return 1
	case bWord:
		return -1
	}
	return orderDigits(a, b)
}
