package content

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"net/url"
	"regexp"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/osteele/liquid/values"
	"github.com/osteele/tuesday"
)

// filters are those of Shopify's reference that make sense here
// (https://shopify.github.io/liquid/). A value of a wrong type counts as empty
// or as zero, as there, and fails nothing; a result over a limit does.
var filters = map[string]any{
	"abs":         onNumber(math.Abs),
	"append":      func(value, suffix any) (any, error) { return sized(textOf(value) + textOf(suffix)) },
	"at_least":    onNumbers(math.Max),
	"at_most":     onNumbers(math.Min),
	"capitalize":  onText(capitalize),
	"ceil":        onNumber(math.Ceil),
	"compact":     func(value any) (any, error) { return onList(value, compact) },
	"concat":      concat,
	"date":        date,
	"default":     fallback,
	"divided_by":  dividedBy,
	"downcase":    onText(strings.ToLower),
	"escape":      onText(asItIs),
	"escape_once": onText(asItIs),
	"first":       func(value any) (any, error) { return onList(value, first) },
	"floor":       onNumber(math.Floor),
	"join":        join,
	"json":        toJSON,
	"last": func(value any) (any, error) {
		return onList(value, func(list []any) any { return first(reversed(list)) })
	},
	"lstrip":       onText(func(text string) string { return strings.TrimLeftFunc(text, unicode.IsSpace) }),
	"map":          mapped,
	"minus":        onNumbers(func(a, b float64) float64 { return a - b }),
	"modulo":       onNumbers(modulo),
	"plus":         onNumbers(func(a, b float64) float64 { return a + b }),
	"prepend":      func(value, prefix any) (any, error) { return sized(textOf(prefix) + textOf(value)) },
	"remove":       func(value, part any) any { return strings.ReplaceAll(textOf(value), textOf(part), "") },
	"remove_first": func(value, part any) any { return strings.Replace(textOf(value), textOf(part), "", 1) },
	"replace": func(value, part, with any) (any, error) {
		return replace(textOf(value), textOf(part), textOf(with), -1)
	},
	"replace_first": func(value, part, with any) (any, error) {
		return replace(textOf(value), textOf(part), textOf(with), 1)
	},
	"reverse":        func(value any) (any, error) { return onList(value, func(list []any) any { return reversed(list) }) },
	"round":          round,
	"rstrip":         onText(func(text string) string { return strings.TrimRightFunc(text, unicode.IsSpace) }),
	"size":           size,
	"slice":          slice,
	"sort":           func(value any, key any) (any, error) { return sorted(value, key, less) },
	"sort_natural":   func(value any, key any) (any, error) { return sorted(value, key, lessNatural) },
	"split":          split,
	"strip":          onText(strings.TrimSpace),
	"strip_html":     onText(func(text string) string { return anyTag.ReplaceAllString(text, "") }),
	"strip_newlines": onText(func(text string) string { return strings.NewReplacer("\r", "", "\n", "").Replace(text) }),
	"times":          onNumbers(func(a, b float64) float64 { return a * b }),
	"truncate":       truncate,
	"truncatewords":  truncateWords,
	"uniq":           func(value any) (any, error) { return onList(value, unique) },
	"upcase":         onText(strings.ToUpper),
	"url_decode":     onText(decoded),
	"url_encode":     onText(url.QueryEscape),
}

func filterNames() []string { return slices.Sorted(maps.Keys(filters)) }

var (
	errTooLong    = errors.New("a value becomes too long")
	errTooMany    = errors.New("a list becomes too long")
	errDivideZero = errors.New("a number is divided by zero")
)

// textOf is a value as text: numbers without an exponent, lists without anything between their items.
func textOf(value any) string {
	switch value := value.(type) {
	case nil:
		return ""
	case string:
		return clean(value)
	case bool:
		return strconv.FormatBool(value)
	case int:
		return strconv.Itoa(value)
	case int64:
		return strconv.FormatInt(value, 10)
	case float64:
		return strconv.FormatFloat(value, 'f', -1, 64)
	case time.Time:
		return value.Format(time.RFC3339)
	case []any:
		var all strings.Builder
		for _, item := range value {
			all.WriteString(textOf(item))
		}
		return all.String()
	case map[string]any:
		text, err := json.Marshal(value)
		if err != nil {
			return ""
		}
		return clean(string(text))
	case values.Range:
		return ""
	}
	return clean(fmt.Sprint(value))
}

// clean is a text without what no text of a page holds: broken UTF-8, and control characters except blanks.
func clean(text string) string {
	text = strings.ToValidUTF8(text, "\ufffd")
	if !strings.ContainsFunc(text, isControl) {
		return text
	}
	return strings.Map(func(r rune) rune {
		if isControl(r) {
			return -1
		}
		return r
	}, text)
}

func isControl(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' }

// number is a value as a number; 0 where it is none.
func number(value any) float64 {
	var n float64
	switch value := value.(type) {
	case int:
		n = float64(value)
	case int64:
		n = float64(value)
	case float64:
		n = value
	case string:
		n, _ = strconv.ParseFloat(strings.TrimSpace(value), 64)
	}
	if math.IsNaN(n) || math.IsInf(n, 0) {
		return 0
	}
	return n
}

// count is a number that is used as a length or a position.
func count(value any, fallback int) int {
	if value == nil {
		return fallback
	}
	return int(max(min(number(value), maximumTextLength), -maximumTextLength))
}

// listOf is a value as a list. A table is the list of its names and values, in the names' order.
func listOf(value any, l limits) ([]any, error) {
	switch value := value.(type) {
	case []any:
		return value, nil
	case nil, string, bool, int, int64, float64:
		return nil, nil
	case values.Range:
		if value.Len() > l.items {
			return nil, errTooMany
		}
		if value.Len() <= 0 {
			return nil, nil
		}
		return value.AsArray(), nil
	case map[string]any:
		list := make([]any, 0, len(value))
		for _, name := range slices.Sorted(maps.Keys(value)) {
			list = append(list, []any{name, value[name]})
		}
		return list, nil
	case []string:
		list := make([]any, len(value))
		for i, item := range value {
			list[i] = item
		}
		return list, nil
	}
	return nil, nil
}

func sized(text string) (any, error) {
	if len(text) > maximumTextLength {
		return nil, errTooLong
	}
	return text, nil
}

func onText(change func(string) string) func(any) (any, error) {
	return func(value any) (any, error) { return sized(change(textOf(value))) }
}

// whole makes a number without a fraction an int, as Liquid writes and compares them.
func whole(n float64) any {
	switch {
	case math.IsNaN(n) || math.IsInf(n, 0):
		return 0
	case n == math.Trunc(n) && math.Abs(n) < 1<<53:
		return int(n)
	}
	return n
}

func onNumber(change func(float64) float64) func(any) any {
	return func(value any) any { return whole(change(number(value))) }
}

func onNumbers(combine func(a, b float64) float64) func(any, any) any {
	return func(a, b any) any { return whole(combine(number(a), number(b))) }
}

func modulo(a, b float64) float64 {
	if b == 0 {
		return 0
	}
	return a - b*math.Floor(a/b)
}

// dividedBy rounds down where both are whole numbers, as Liquid does.
func dividedBy(value, by any) (any, error) {
	a, b := number(value), number(by)
	if b == 0 {
		return nil, errDivideZero
	}
	if a == math.Trunc(a) && b == math.Trunc(b) {
		return whole(math.Floor(a / b)), nil
	}
	return whole(a / b), nil
}

func round(value, places any) any {
	exponent := math.Pow10(min(max(count(places, 0), 0), 15))
	return whole(math.Floor(number(value)*exponent+0.5) / exponent)
}

func onList(value any, change func([]any) any) (any, error) {
	list, err := listOf(value, defaultLimits)
	if err != nil {
		return nil, err
	}
	return change(list), nil
}

func reversed(list []any) []any {
	list = slices.Clone(list)
	slices.Reverse(list)
	return list
}

func first(list []any) any {
	if len(list) == 0 {
		return nil
	}
	return list[0]
}

func compact(list []any) any {
	return slices.DeleteFunc(slices.Clone(list), func(item any) bool { return item == nil })
}

func unique(list []any) any {
	seen := make(map[string]bool)
	var kept []any
	for _, item := range list {
		key := fmt.Sprintf("%T %v", item, item)
		if !seen[key] {
			seen[key] = true
			kept = append(kept, item)
		}
	}
	return kept
}

func concat(value, more any) (any, error) {
	a, err := listOf(value, defaultLimits)
	if err != nil {
		return nil, err
	}
	b, err := listOf(more, defaultLimits)
	if err != nil {
		return nil, err
	}
	if len(a)+len(b) > defaultLimits.items {
		return nil, errTooMany
	}
	return slices.Concat(a, b), nil
}

func join(value, separator any) (any, error) {
	list, err := listOf(value, defaultLimits)
	if err != nil {
		return nil, err
	}
	between := " "
	if separator != nil {
		between = textOf(separator)
	}
	var joined strings.Builder
	for i, item := range list {
		if i > 0 {
			joined.WriteString(between)
		}
		joined.WriteString(textOf(item))
		if joined.Len() > maximumTextLength {
			return nil, errTooLong
		}
	}
	return joined.String(), nil
}

func split(value, separator any) (any, error) {
	text, between := textOf(value), textOf(separator)
	var parts []string
	if between == " " {
		parts = strings.Fields(text)
	} else {
		parts = strings.SplitN(text, between, defaultLimits.items+1)
	}
	if len(parts) > defaultLimits.items {
		return nil, errTooMany
	}
	for len(parts) > 0 && parts[len(parts)-1] == "" {
		parts = parts[:len(parts)-1]
	}
	list := make([]any, len(parts))
	for i, part := range parts {
		list[i] = part
	}
	return list, nil
}

func mapped(value, name any) (any, error) {
	return onList(value, func(list []any) any {
		made := make([]any, len(list))
		for i, item := range list {
			if table, ok := item.(map[string]any); ok {
				made[i] = table[textOf(name)]
			}
		}
		return made
	})
}

func sorted(value, key any, before func(a, b any) bool) (any, error) {
	return onList(value, func(list []any) any {
		list = slices.Clone(list)
		field := func(item any) any {
			if table, ok := item.(map[string]any); ok && key != nil {
				return table[textOf(key)]
			}
			return item
		}
		sort.SliceStable(list, func(i, j int) bool { return before(field(list[i]), field(list[j])) })
		return list
	})
}

// less orders numbers before texts, and nothing last.
func less(a, b any) bool {
	_, textA := a.(string)
	_, textB := b.(string)
	switch {
	case a == nil || b == nil:
		return a != nil
	case textA || textB:
		return !textA || textB && textOf(a) < textOf(b)
	}
	return number(a) < number(b)
}

func lessNatural(a, b any) bool { return strings.ToLower(textOf(a)) < strings.ToLower(textOf(b)) }

func size(value any) (any, error) {
	switch value := value.(type) {
	case string:
		return utf8.RuneCountInString(value), nil
	case map[string]any:
		return len(value), nil
	}
	return onList(value, func(list []any) any { return len(list) })
}

func fallback(value, instead any) any {
	switch value := value.(type) {
	case nil:
		return instead
	case bool:
		if !value {
			return instead
		}
	case string:
		if value == "" {
			return instead
		}
	case []any:
		if len(value) == 0 {
			return instead
		}
	}
	return value
}

func toJSON(value any) (any, error) {
	text, err := json.Marshal(value)
	if err != nil {
		return nil, fmt.Errorf("a value cannot be written as JSON: %w", err)
	}
	return sized(string(text))
}

// asItIs is what escape does: a value is text wherever it is put out, and nobody wants to read &amp;.
func asItIs(text string) string { return text }

func capitalize(text string) string {
	letter, size := utf8.DecodeRuneInString(text)
	if size == 0 {
		return text
	}
	return string(unicode.ToUpper(letter)) + strings.ToLower(text[size:])
}

func replace(text, part, with string, most int) (any, error) {
	found := strings.Count(text, part)
	if most >= 0 {
		found = min(found, most)
	}
	if len(text)+found*len(with) > 2*maximumTextLength {
		return nil, errTooLong
	}
	return sized(strings.Replace(text, part, with, most))
}

func slice(value, start, length any) any {
	n := count(length, 1)
	cut := func(all int) (from, to int) {
		from = count(start, 0)
		if from < 0 {
			from += all
		}
		if from < 0 || from > all || n < 0 {
			return 0, 0
		}
		return from, min(from+n, all)
	}
	if list, ok := value.([]any); ok {
		from, to := cut(len(list))
		return list[from:to]
	}
	letters := []rune(textOf(value))
	from, to := cut(len(letters))
	return string(letters[from:to])
}

func truncate(value, length, ellipsis any) (any, error) {
	letters, end := []rune(textOf(value)), "..."
	if ellipsis != nil {
		end = textOf(ellipsis)
	}
	most := count(length, 50)
	if len(letters) <= most {
		return string(letters), nil
	}
	return sized(string(letters[:max(most-utf8.RuneCountInString(end), 0)]) + end)
}

func truncateWords(value, length, ellipsis any) (any, error) {
	words, end := strings.Fields(textOf(value)), "..."
	if ellipsis != nil {
		end = textOf(ellipsis)
	}
	most := max(count(length, 15), 1)
	if len(words) <= most {
		return textOf(value), nil
	}
	return sized(strings.Join(words[:most], " ") + end)
}

var anyTag = regexp.MustCompile(`(?s)<.*?>`)

func decoded(text string) string {
	plain, err := url.QueryUnescape(text)
	if err != nil {
		return text
	}
	return clean(plain)
}

// maximumFormat bounds how a date is to be written, in bytes.
const maximumFormat = 200

// widths are the numbers in a date's format that make it longer.
var widths = regexp.MustCompile(`%[-_^#0:]*[0-9]{2,}`)

// date writes a time as strftime does. Text is read as a date; a number is seconds since 1970. What is no date is
// written as it is.
func date(value, format any) (any, error) {
	var at time.Time
	switch value := value.(type) {
	case time.Time:
		at = value
	case string:
		switch text := strings.ToLower(strings.TrimSpace(value)); text {
		case "now", "today":
			at = time.Now().UTC()
		default:
			read, err := readDate(strings.TrimSpace(value))
			if err != nil {
				return value, nil
			}
			at = read
		}
	case int, int64, float64:
		seconds := number(value)
		if math.Abs(seconds) > 1e11 {
			return value, nil
		}
		at = time.Unix(int64(seconds), 0).UTC()
	default:
		return value, nil
	}
	layout := "%Y-%m-%d"
	if format != nil {
		layout = textOf(format)
	}
	if len(layout) > maximumFormat || widths.MatchString(layout) {
		return nil, errTooLong
	}
	text, err := tuesday.Strftime(layout, at)
	if err != nil {
		return nil, fmt.Errorf("writing a date as %q: %w", layout, err)
	}
	return sized(text)
}

func readDate(text string) (at time.Time, err error) {
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02 15:04", "2006-01-02", time.RFC1123Z, time.RFC1123, "January 2, 2006", "2 January 2006"} {
		if at, err = time.Parse(layout, text); err == nil {
			return at, nil
		}
	}
	return at, err
}
