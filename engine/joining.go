package engine

import (
	"context"

	"handbill/engine/store"
	"handbill/engine/visitor"
)

// load reads what is remembered about a visitor, and says under which key.
func (e *Engine) load(ctx context.Context, identity visitor.Identity) (store.Key, *visitor.Record, error) {
	key, record, err := e.loadOwn(ctx, identity)
	if err != nil {
		return key, nil, err
	}
	return key, e.withBrowser(ctx, identity, record), nil
}

// loadOwn is load without what a person's browser did before they identified in it.
func (e *Engine) loadOwn(ctx context.Context, identity visitor.Identity) (store.Key, *visitor.Record, error) {
	if e.peeker != nil {
		if key, record, ok := e.peeker.Peek(e.workspace, identity); ok {
			return key, record, nil
		}
	}
	key := e.key(identity)
	record, err := e.store.Load(ctx, key)
	if err != nil {
		record, err = e.recall(key, err)
	}
	return key, record, err
}

// withBrowser is a person's record as it is once what their browser did before they identified has joined it. A page that opens
// right after the login polls before, or while, the last page's identify arrives, and who is known by the site's own means may
// never send one: what a guest has closed does not come back for that. record may be nil, and is not changed.
func (e *Engine) withBrowser(ctx context.Context, identity visitor.Identity, record *visitor.Record) *visitor.Record {
	if identity.User == "" || identity.Anonymous == "" || record.HasJoined(identity.Anonymous) {
		return record
	}
	_, browser, err := e.loadOwn(ctx, visitor.Identity{Anonymous: identity.Anonymous})
	if err != nil || browser == nil {
		return record // it can be read later, and the person's own record alone says enough for now
	}
	if record == nil {
		record = visitor.New(identity.ID())
	}
	return visitor.Merge(record, browser)
}
