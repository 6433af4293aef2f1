// Package inject inserts a piece of markup in the HTML pages that an HTTP handler
// answers with, while they stream through.
//
// A page takes three steps, each a file of its own. The request is made ready
// (request.go): the site is asked for a coding that can be read, and for the
// whole page. The response's header is judged (plan.go): a pure function answers
// with a Reason for everything that is no page to inject, and such a response
// passes untouched. The body is read up to the place of the insertion
// (scanner.go), which is right after the document's <head> tag, or where a
// browser would imply one; writer.go holds the header back until then, so that
// ETag and Content-Length change only together with the body.
//
// Whatever is in doubt passes as the site sent it.
package inject

import (
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
)

// Insertion is what goes into one page.
type Insertion struct {
	// Bytes is the markup, in ASCII.
	Bytes []byte
	// NonceAt is the offset in Bytes where ` nonce="…"` belongs when the page's
	// policy has a nonce; -1: nowhere.
	NonceAt int
	// Version names the content of the snippet. It becomes part of the page's
	// ETag, so that browsers fetch a page anew when the snippet has changed.
	Version string
	// Base is the URL below which the insertion loads its files and connects to, as
	// policies have to name it: a path, or a whole URL where the request's own
	// address is not what browsers see. By default the directory of its script.
	Base string
	// Loads: its scripts create others from below Base that do not carry its nonce.
	Loads bool
	// Embeds: it shows documents from below Base in frames.
	Embeds bool
	// Private: the insertion differs between visitors. Such a page is kept from
	// shared caches and has no validators.
	Private bool
}

// Source says what to insert in the response to r; with ok false, nothing. It is
// called once for each page, when its header is known, and must not block.
//
// For a request that asks whether a copy is still good, it is called once before,
// with status 304 and an empty header: what would be inserted now tells whether
// the copy's insertion is out of date.
type Source func(r *http.Request, status int, header http.Header) (insertion Insertion, ok bool)

// AskEncoding says which content coding is asked of the site for a page.
type AskEncoding uint8

const (
	// AskGzip asks for gzip where the client takes it, and for no coding otherwise.
	AskGzip AskEncoding = iota
	// AskIdentity asks for no coding.
	AskIdentity
)

// CSP says what to do with a page whose Content-Security-Policy would block the
// insertion.
type CSP uint8

const (
	// ExtendCSP adds what the insertion needs, where that loosens nothing else.
	ExtendCSP CSP = iota
	// KeepCSP leaves the policy as it is, and the page without an insertion.
	KeepCSP
)

// Recorder counts what became of responses. It is called once for each response
// that could have been a page, possibly from several goroutines at once.
type Recorder interface {
	// Injected counts a page that got its insertion.
	Injected()
	// Skipped counts a response that passed without one.
	Skipped(Reason)
}

// Options say what an Injector does. Insertion is required.
type Options struct {
	// Insertion supplies what is inserted.
	Insertion Source
	// Position is where it goes; by default Head.
	Position Position
	// ErrorPages: pages with a status of 4xx and 5xx are injected too.
	ErrorPages bool
	// AskEncoding is what is asked of the site; by default AskGzip.
	AskEncoding AskEncoding
	// CSP is what becomes of policies; by default ExtendCSP.
	CSP CSP
	// Match narrows injection to the responses for which it returns true. It is
	// called only for those that could be injected; nil: all of them.
	Match func(r *http.Request, status int, header http.Header) bool
	// DefersHeaders reports whether a writer below sets header fields only when the
	// header passes it. Then the length of a page is not promised, since a policy
	// may turn up whose nonce the insertion has to carry. Without it, that is learned
	// from the first such page, which gets no insertion. Optional; it is asked for
	// each writer that Unwrap leads to.
	DefersHeaders func(w http.ResponseWriter) bool
	// DebugHeader: every response tells in the header Handbill whether it was
	// injected and why not.
	DebugHeader bool
	// Observe is told of each response what became of it, ReasonNone for an injected
	// page, with the request that it answers; nil: nobody is.
	Observe func(*http.Request, Reason)
	// Recorder counts; nil: nobody does.
	Recorder Recorder
	// Logger gets a line for each response on level debug, and warnings; nil:
	// slog.Default.
	Logger *slog.Logger
}

// Injector injects the pages of a site. It is safe for concurrent use.
type Injector struct {
	options Options
	// warned holds the reasons that were logged as a warning already.
	warned [reasonCount]atomic.Bool
	// latePolicies: the policies of this site are set after us.
	latePolicies atomic.Bool
	// known is what the latest insertion needs of policies.
	known  atomic.Pointer[knownNeeds]
	states sync.Pool
}

// New returns an Injector.
func New(options Options) *Injector {
	if options.Logger == nil {
		options.Logger = slog.Default()
	}
	if options.Recorder == nil {
		options.Recorder = noRecorder{}
	}
	return &Injector{options: options, states: sync.Pool{New: func() any { return new(rewrite) }}}
}

// ServeHTTP runs next with a writer that injects the page that it writes. The
// error of next is returned as it is. While next runs, the request's header may
// differ from the client's; afterwards it is as it was.
func (i *Injector) ServeHTTP(w http.ResponseWriter, r *http.Request, next func(http.ResponseWriter, *http.Request) error) error {
	if isInjecting(w) {
		i.skipped(r, ReasonAlreadyInjected)
		return next(w, r)
	}
	if reason := planRequest(r); reason != ReasonNone {
		return i.passRequest(w, r, next, reason)
	}
	rw := &responseWriter{next: w, request: r, injector: i}
	rw.prepareRequest()
	defer rw.change.restore(r.Header)
	defer rw.close()
	err := next(rw, r)
	if finishError := rw.finish(err); finishError != nil && err == nil {
		i.options.Logger.DebugContext(r.Context(), "the rest of a page could not be sent", "error", finishError)
	}
	return err
}

// passRequest runs next for a request whose response is never injected.
func (i *Injector) passRequest(w http.ResponseWriter, r *http.Request, next func(http.ResponseWriter, *http.Request) error, reason Reason) error {
	i.skipped(r, reason)
	if i.options.DebugHeader && reason != ReasonUpgrade {
		w.Header()[headerName] = []string{markSkipped + reason.String()}
	}
	var change requestChange
	change.translateMatch(r.Header)
	defer change.restore(r.Header)
	return next(w, r)
}

// Handler returns next with its pages injected, for use with net/http alone.
func (i *Injector) Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = i.ServeHTTP(w, r, func(w http.ResponseWriter, r *http.Request) error {
			next.ServeHTTP(w, r)
			return nil
		})
	})
}

// injected counts and logs an insertion.
func (i *Injector) injected(r *http.Request) {
	defer i.survive(r)
	i.options.Recorder.Injected()
	i.observe(r, ReasonNone)
	if ctx := r.Context(); i.options.Logger.Enabled(ctx, slog.LevelDebug) {
		i.options.Logger.DebugContext(ctx, "page injected", "method", r.Method, "uri", r.RequestURI)
	}
}

// skipped counts and logs a response without an insertion.
func (i *Injector) skipped(r *http.Request, reason Reason) {
	defer i.survive(r)
	i.options.Recorder.Skipped(reason)
	i.observe(r, reason)
	ctx := r.Context()
	if advice := warnings[reason]; advice != "" && !i.warned[reason].Swap(true) {
		i.options.Logger.WarnContext(ctx, "page not injected: "+advice, "reason", reason.String(), "uri", r.RequestURI)
		return
	}
	if i.options.Logger.Enabled(ctx, slog.LevelDebug) {
		i.options.Logger.DebugContext(ctx, "response not injected", "method", r.Method, "uri", r.RequestURI, "reason", reason.String())
	}
}

func (i *Injector) observe(r *http.Request, reason Reason) {
	if i.options.Observe != nil {
		i.options.Observe(r, reason)
	}
}

// warnings are logged once for each Injector, because an operator can do
// something about them.
var warnings = map[Reason]string{
	ReasonUnknownCoding:    "the site compresses with a coding that cannot be read; let it answer with gzip, br, zstd or none",
	ReasonSeveralCodings:   "the site compresses twice; let it compress once",
	ReasonBrokenCoding:     "the site's compressed answer is damaged",
	ReasonInvalidInsertion: "what was to be inserted is not ASCII, or its place for a nonce lies outside; this is a fault in the program that inserts",
	ReasonPolicy:           "the site's Content-Security-Policy does not allow it; give its script-src a nonce, or 'self'",
}

type noRecorder struct{}

func (noRecorder) Injected()      {}
func (noRecorder) Skipped(Reason) {}
