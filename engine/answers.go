package engine

import (
	"hash/maphash"
	"slices"
	"strings"
	"sync/atomic"
	"time"
	"weak"

	"handbill/engine/visitor"
)

// Most polls ask what was asked before, and nothing has changed since. So what a poll was answered is remembered, as long as
// it follows from what is known: nothing was due, or what is due is on screen already. It is found again by everything that
// decisions look at: the snapshot, to which the memory belongs; the visitor's record, of which every change makes another;
// and what the browser says. Three things keep an answer out of the memory, or end it:
//
//   - Deciding changed something, or found that something was to be changed: a lease, a campaign, what is withheld. Such polls
//     are decided anew each time.
//   - The time, at which a check would decide in another way: checks compare it by [situation.before] and its like, which note
//     until when their answer holds. What looks at the time in another way (a condition with now, a text with the date) is
//     not remembered.
//   - Another page view, page, visit, language or person is another question.
//
// What is remembered is counted as if it were decided.

// answers are what was answered of late, in a table of constant size: each question has a place, which others may take.
type answers struct {
	shards [answerShards]atomic.Pointer[answerShard]
}

// There is room for answerShards times answersEach answers, of some 300 bytes each.
const (
	answerShards = 256
	answersEach  = 256
)

type answerShard [answersEach]atomic.Pointer[answered]

// questionName stands for all that a poll asks; two questions never have the same, as far as anybody can tell.
type questionName [2]uint64

// asker is what is known of who asks, when they do.
type asker struct {
	record, arrival *visitor.Record
	// kept is false when the record has only just changed.
	kept bool
}

// answered is an answer that was given. Many are kept, so times are in nanoseconds since 1970; zero is none.
type answered struct {
	name            questionName
	record, arrival weak.Pointer[visitor.Record]
	// from and until are when it holds; without an until, for ever.
	from, until int64
	// last and soonest are those of the pace.
	last, soonest   int64
	known, handsOut bool // there was a record; it has a message to show
	// generation names the answer, which hands out nothing that the client does not hold; empty where nothing was due.
	generation string
	decisions  []decision
}

// decision is what was decided about a message: its place in the snapshot, and that of the reason.
type decision uint32

const reasonBits = 6

func decisionOf(place, reason int) decision { return decision(place<<reasonBits | reason) }

func (d decision) place() int  { return int(d >> reasonBits) }
func (d decision) reason() int { return int(d & (1<<reasonBits - 1)) }

// nanoseconds writes a time down; what lies farther ahead than anybody remembers an answer is none.
func nanoseconds(at time.Time) int64 {
	if at.IsZero() || at.Year() > 2200 {
		return 0
	}
	return at.UnixNano()
}

// instant reads what nanoseconds wrote.
func instant(at int64) time.Time {
	if at == 0 {
		return time.Time{}
	}
	return time.Unix(0, at)
}

// nameOf names a question. What is asked of messages by leases, such as the tab, is not in it.
func (e *Engine) nameOf(q *question, r *PollRequest) questionName {
	if !r.repeats() {
		return questionName{}
	}
	name, who, browser := q.name[:0], &r.Identity, &r.Browser
	for _, text := range [...]string{
		who.User, who.Anonymous, r.Page.URL, r.Page.Name, r.View, r.Visit, r.Zone,
		browser.Agent.Device, browser.Agent.Browser, browser.Agent.OS, browser.Country, browser.Referrer, browser.Method,
	} {
		name = appendText(name, text)
	}
	flags := byte(0)
	for i, set := range [...]bool{r.Slots, r.Embeds, who.Believed, browser.Agent.Bot} {
		if set {
			flags |= 1 << i
		}
	}
	name = append(name, flags, byte(who.Level))
	for _, languages := range r.Languages {
		name = appendText(name, languages)
	}
	q.name = name
	return questionName{maphash.Bytes(e.seeds[0], name), maphash.Bytes(e.seeds[1], name)}
}

// appendText appends a text so that it is clear where it ends.
func appendText(name []byte, text string) []byte {
	n := len(text)
	return append(append(name, byte(n), byte(n>>8), byte(n>>16)), text...)
}

// repeats says whether the same question may have the same answer: where our client asks of a page, and nothing has happened.
func (r *PollRequest) repeats() bool {
	return r.Page != nil && len(r.Fired) == 0 && len(r.Show) == 0 && !r.Inbox
}

// find finds what was answered to a question; nil where that does not hold now. t may be nil.
func (t *tally) find(name questionName, of asker, held string, now time.Time) *answered {
	if t == nil || t.answers == nil || name == (questionName{}) {
		return nil
	}
	shard := t.answers.shards[name[0]%answerShards].Load()
	if shard == nil {
		return nil
	}
	at := now.UnixNano()
	a := shard[name[1]%answersEach].Load()
	switch {
	case a == nil || a.name != name || a.known != (of.record != nil):
	case a.record.Value() != of.record || a.arrival.Value() != of.arrival:
	case at < a.from || a.until != 0 && at >= a.until:
	case a.generation != "" && a.generation != held:
	default:
		return a
	}
	return nil
}

// keep remembers an answer, if it follows from what is known. t may be nil.
func (t *tally) keep(name questionName, of asker, q *question, answer PollAnswer, after pace) {
	s := &q.situation
	past := s.past()
	if t == nil || t.answers == nil || s.passing || !of.kept || past == nil || s.record != of.record || s.arrival != of.arrival || len(past.Tests) > 0 {
		return
	}
	visit := past.Visits.At(s.named, s.now)
	if visit == nil {
		return
	}
	s.turns(visit.Last.Add(visitor.VisitPause))
	if s.filled {
		until, known := s.facts.Until()
		if !known || !until.IsZero() && !s.now.Before(until) {
			return
		}
		s.turns(until)
	}
	a := &answered{
		name: name, record: weak.Make(of.record), arrival: weak.Make(of.arrival), known: of.record != nil,
		from: s.now.UnixNano(), until: nanoseconds(s.until), last: nanoseconds(after.last), soonest: nanoseconds(after.soonest),
		handsOut: after.handsOut, decisions: slices.Clone(q.reasons),
	}
	if len(answer.Deliveries) > 0 {
		a.generation = strings.Clone(answer.Generation)
	}
	t.answers.put(a)
}

// put puts an answer into its place.
func (t *answers) put(a *answered) {
	place := &t.shards[a.name[0]%answerShards]
	shard := place.Load()
	if shard == nil {
		place.CompareAndSwap(nil, new(answerShard))
		shard = place.Load()
	}
	shard[a.name[1]%answersEach].Store(a)
}

// again gives an answer that was given before.
func (e *Engine) again(a *answered, t *tally, q *question, r *PollRequest, now time.Time) PollAnswer {
	for _, d := range a.decisions {
		t.messages[d.place()][d.reason()].Add(1)
		q.decided.counts[d.reason()]++
	}
	q.decided.tell(e.recorder)
	answer := PollAnswer{Generation: a.generation, Unchanged: true}
	if a.generation == "" {
		answer.Generation, answer.Unchanged = generation(t.snapshot, nil, r.Generation)
	}
	p := pace{handsOut: a.handsOut, last: instant(a.last), soonest: instant(a.soonest)}
	answer.Next = e.next(p, answer.Unchanged, r.Streaming, now)
	e.recorder.Polled(answer.result())
	e.recorder.Repeated()
	return answer
}

// count counts a decision about the message at a place of the snapshot. t may be nil.
func (q *question) count(t *tally, place int, reason Reason) {
	q.reasons = append(q.reasons, decisionOf(place, t.count(place, reason, &q.decided)))
}

// turns notes that a decision may become another at a time, unless that has passed.
func (s *situation) turns(at time.Time) {
	if s.now.Before(at) && (s.until.IsZero() || at.Before(s.until)) {
		s.until = at
	}
}

// before says whether a time lies ahead. What is decided by it holds until then.
func (s *situation) before(at time.Time) bool {
	s.turns(at)
	return s.now.Before(at)
}

// within counts the showings of the last while.
func (s *situation) within(showings []visitor.Showing, while time.Duration) int {
	count := since(showings, s.now.Add(-while))
	for _, shown := range showings[len(showings)-count:] {
		s.turns(shown.At.Add(while))
	}
	return count
}
