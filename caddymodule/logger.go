package caddymodule

import (
	"context"
	"log/slog"
	"sync/atomic"
)

// currentLog is where state that outlives a configuration logs to: the log of the newest one. Caddy closes a
// configuration's own logs with it.
var currentLog atomic.Pointer[slog.Handler]

// setCurrentLog makes a configuration's log the current one. restore makes the one before current again, unless a newer
// one has taken over.
func setCurrentLog(logger *slog.Logger) (restore func()) {
	mine := logger.Handler()
	before := currentLog.Swap(&mine)
	return func() { currentLog.CompareAndSwap(&mine, before) }
}

// logger returns a logger that always writes to the current log.
func logger() *slog.Logger {
	return slog.New(followingHandler{with: func(h slog.Handler) slog.Handler { return h }})
}

// followingHandler passes records to the current log, with the attributes and groups it was given.
type followingHandler struct {
	with func(slog.Handler) slog.Handler
}

func (f followingHandler) current() slog.Handler {
	if handler := currentLog.Load(); handler != nil {
		return f.with(*handler)
	}
	return f.with(slog.Default().Handler())
}

// Enabled says whether the current log takes the level.
func (f followingHandler) Enabled(ctx context.Context, level slog.Level) bool {
	return f.current().Enabled(ctx, level)
}

// Handle writes a record to the current log.
func (f followingHandler) Handle(ctx context.Context, record slog.Record) error {
	return f.current().Handle(ctx, record)
}

// WithAttrs returns a handler that adds attributes.
func (f followingHandler) WithAttrs(attributes []slog.Attr) slog.Handler {
	return followingHandler{with: func(h slog.Handler) slog.Handler { return f.with(h).WithAttrs(attributes) }}
}

// WithGroup returns a handler that opens a group.
func (f followingHandler) WithGroup(name string) slog.Handler {
	return followingHandler{with: func(h slog.Handler) slog.Handler { return f.with(h).WithGroup(name) }}
}
