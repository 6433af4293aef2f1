package store

import (
	"fmt"
	"strings"

	"handbill/engine/visitor"
)

// emailTrait is the one trait by which a visitor can be found.
const emailTrait = "email"

// maxEmail is the longest address that is indexed, in bytes; RFC 5321 allows 64 for the local part and 255 for the domain.
const maxEmail = 320

// email is the address under which a visitor can be found; "" when there is none.
func email(r *visitor.Record) string {
	if r == nil {
		return ""
	}
	address, _ := r.Traits[emailTrait].(string)
	return normalizeEmail(address)
}

// normalizeEmail makes addresses comparable: without space around it, in lower case. It is "" for what is not indexed.
func normalizeEmail(address string) string {
	address = strings.ToLower(strings.TrimSpace(address))
	if len(address) > maxEmail || strings.ContainsRune(address, 0) {
		return ""
	}
	return address
}

func checkFind(workspace, trait string) error {
	if trait != emailTrait {
		return fmt.Errorf("visitors cannot be found by the trait %q; only by %q", trait, emailTrait)
	}
	return checkWorkspace(workspace)
}

// lastSeen finds the visitor who was seen last.
type lastSeen struct{ best *visitor.Record }

func (l *lastSeen) consider(r *visitor.Record) {
	if l.best == nil || r.LastSeen.After(l.best.LastSeen) || (r.LastSeen.Equal(l.best.LastSeen) && r.ID < l.best.ID) {
		l.best = r
	}
}

func (l *lastSeen) id() string {
	if l.best == nil {
		return ""
	}
	return l.best.ID
}
