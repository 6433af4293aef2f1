// Package pagerule says on which pages a message may appear.
//
// A message has two lists of rules, pages and except. Parse compiles one
// rule, Compile the two lists to a Set. A Page is where a visitor is: NewPage
// normalises the browser's address once, and every match after that is linear
// in the length of the address and allocates nothing (regular expressions
// borrow from a pool).
//
//	set, err := pagerule.Compile([]string{"https://example.com/docs/*"}, []string{"/docs/internal/*"})
//	page, err := pagerule.NewPage("https://example.com/docs/start?utm_source=mail", "")
//	set.Match(&page) // true
//
// An Index answers for thousands of sets at once which of them may appear on
// a page. Set.JavaScript writes a set for the reference client, which judges
// its messages itself by a regular expression.
//
// What the rules mean is described for operators in docs/page-rules.md, whose
// table of examples is run by this package's tests, in Go and in a browser.
package pagerule
