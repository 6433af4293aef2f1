// Package sites holds small applications of web frameworks, and the tests that put Handbill in front of them. `make sites`
// gets their packages from npm, builds them and runs the tests; `make test` does not.
package sites
