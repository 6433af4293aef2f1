package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

const (
	// manyMessages is how many messages the workspace that is edited holds; busyMessages of them may appear on busyPath.
	manyMessages = 10_000
	busyMessages = 20
	busyPath     = "/shop/shoes/"
	// livePath is where the message appears that is edited, and no other.
	livePath = "/live/"
	// Visitors poll at a pace that leaves the processors some rest, as in life: what is measured is what edits add to it.
	editVisitors = 20
	editPace     = 40 * time.Millisecond
	// editSlice is how long polls are measured at a time, and editGap the time between two edits in it. It is so long that the
	// garbage collector works in each slice, also where nothing is edited.
	editSlice = 10 * time.Second
	editGap   = 250 * time.Millisecond
	// liveTimeout bounds how long an edit may take until it is live.
	liveTimeout = time.Minute
)

// editResult is how polls are answered in one condition of the edge, and how soon edits were live in it.
type editResult struct {
	name string
	// polls are the times of all polls, live those of the edits, in milliseconds, in ascending order.
	polls, live []float64
	// processor is what the edge has used, polls and edits together.
	processor time.Duration
	// ratios are those of the 99th percentile to that of the same round without edits.
	ratios spread
}

// edition is the edited workspace: a file, and its text, in which a word is changed where it stands. A measure that copied the
// text for each edit would measure its own garbage.
type edition struct {
	path, elsewhere string
	text            []byte
	// word and setting are where the numbers stand that change.
	word, setting int
	number        int
}

// writeManyMessages writes a workspace as large sites have it.
func writeManyMessages(folder string) (*edition, error) {
	var b strings.Builder
	b.WriteString("[workspace]\nname = \"Bench\"\ntraits = { seats = \"int\", plan = \"string\", first_name = \"string\", edition_0000000 = \"int\" }\nsite_id = \"bench\"\nwrite_key = \"bench-web\"\nlocale = \"en\"\nthrottle = { per_day = 32 } # setting\n" +
		"\n[[segments]]\nid = \"buyers\"\nwhere = 'events[\"Order Completed\"].count > 0'\n" +
		"\n[[templates]]\nid = \"notice\"\nparams = [\"title\"]\ntitle = \"{{ params.title }}\"\ntext = \"Hello {{ traits.first_name | default: 'there' }}. **Have a look.**\"\n")
	for i := range manyMessages {
		pages := fmt.Sprintf(`"/section-%d/*", "https://*.example.com/*/item-%d"`, i, i)
		switch {
		case i == manyMessages/2:
			pages = fmt.Sprintf("%q", livePath+"*")
		case i%(manyMessages/busyMessages) == 0:
			pages = `"/shop/*"`
		}
		fmt.Fprintf(&b, "\n[[messages]]\nid = \"message-%d\"\npages = [%s]\nexcept = [\"/section-%d/private/*\"]\npriority = %d\nfrequency = \"always\"\nignore_throttle = true\n", i, pages, i, 100+i%50)
		if i%4 == 1 {
			fmt.Fprintf(&b, "template = \"notice\"\nparams = { title = \"What is new in section %d\" }\naudience = [\"!buyers\"]\nwhere = 'traits.seats > %d'\n", i, i%40)
			continue
		}
		fmt.Fprintf(&b, "display = \"modal\"\n\n  [[messages.steps]]\n  name = \"welcome\"\n  title = \"What is new in section %d, edition 0000000\"\n"+
			"  text = \"Three things, the first of them *long asked for*. Read [the whole story](/docs/%d) or **try it**.\"\n"+
			"  image = { src = \"/img/section-%d.png\", alt = \"The section\", width = 640, height = 360 }\n"+
			"  buttons = [{ text = \"Show me\", action = \"next\" }, { text = \"Not now\", action = \"dismiss\" }]\n\n"+
			"  [[messages.steps]]\n  text = \"That was all.\"\n  buttons = [{ text = \"Done\", action = \"dismiss\" }]\n", i, i, i)
	}
	text := b.String()
	edited := fmt.Sprintf("section %d, edition ", manyMessages/2)
	e := &edition{
		path: filepath.Join(folder, "many.toml"), elsewhere: filepath.Join(folder, "elsewhere", "many.toml"), text: []byte(text),
		word: strings.Index(text, edited) + len(edited), setting: strings.Index(text, "edition_") + len("edition_"),
	}
	if err := os.Mkdir(filepath.Dir(e.elsewhere), 0o700); err != nil {
		return nil, err
	}
	_, err := e.next(false)
	return e, err
}

// next saves the workspace with another word in one message and, if all is to be read again, other types of traits, which are a
// setting that every message depends on.
func (e *edition) next(everything bool) (mark string, err error) {
	e.number++
	number := fmt.Sprintf("%07d", e.number)
	copy(e.text[e.word:], number)
	if everything {
		copy(e.text[e.setting:], number)
	}
	return "edition " + number, os.WriteFile(e.path, e.text, 0o600)
}

// What happens to the workspace while polls are measured.
const (
	laneQuiet = iota
	laneElsewhere
	laneMessage
	laneEverything
)

// measureEdits measures polls while nothing is edited, while one message is, and while all is read again and again. The control
// saves the same file where nobody reads it: what that changes is what saving and measuring cost by themselves.
func measureEdits(ctx context.Context, servers launcher, rounds int) ([]editResult, int, error) {
	e, err := writeManyMessages(servers.folder)
	if err != nil {
		return nil, 0, err
	}
	edge, err := servers.start(ctx, "handbill "+e.path, "\thandbill\n\trespond 404")
	if err != nil {
		return nil, 0, err
	}
	defer edge.stop()
	if err := untilLive(ctx, edge, "edition 0000001"); err != nil {
		return nil, 0, fmt.Errorf("%w\n%s", err, edge.log)
	}
	visitors, err := introduce(ctx, edge, busyPath)
	if err != nil {
		return nil, 0, err
	}
	results := []editResult{{name: "nothing is edited"}, {name: "control: the file is saved where nobody reads it, four times a second"}, {name: "one message is edited, four times a second"}, {name: "a setting is edited, and all is read again"}}
	p99 := make([][]float64, len(results))
	for range rounds {
		for _, lane := range rand.Perm(len(results)) {
			before, err := edge.usage()
			if err != nil {
				return nil, 0, err
			}
			polls, live, err := editRound(ctx, edge, visitors[:editVisitors], e, lane)
			if err != nil {
				return nil, 0, fmt.Errorf("%s: %w", results[lane].name, err)
			}
			after, err := edge.usage()
			if err != nil {
				return nil, 0, err
			}
			results[lane].processor += after.processor - before.processor
			slices.Sort(polls)
			p99[lane] = append(p99[lane], percentile(polls, 99))
			results[lane].polls, results[lane].live = append(results[lane].polls, polls...), append(results[lane].live, live...)
		}
	}
	for lane := range results {
		slices.Sort(results[lane].polls)
		slices.Sort(results[lane].live)
		var ratios []float64
		for round, value := range p99[lane] {
			ratios = append(ratios, value/p99[laneQuiet][round])
		}
		results[lane].ratios = spreadOf(ratios)
	}
	return results, len(e.text), nil
}

// editRound lets visitors poll for a slice of time, while the workspace is edited as the lane says. It returns the times of
// the polls, and of the edits until they were live.
func editRound(ctx context.Context, edge *server, visitors []polling, e *edition, lane int) (polls, live []float64, err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var (
		mutex   sync.Mutex
		workers sync.WaitGroup
		load    []dialer
		end     = time.Now().Add(editSlice)
	)
	var requests [][]byte
	for _, v := range visitors {
		requests = append(requests, v.request(edge.address))
	}
	load = overHTTP1(edge, requests, true)
	for i, dial := range load {
		workers.Go(func() {
			times, err := pace(ctx, dial, time.Duration(i)*editPace/time.Duration(len(load)), end)
			if err != nil {
				cancel(err)
			}
			mutex.Lock()
			defer mutex.Unlock()
			polls = append(polls, times...)
		})
	}
	for lane != laneQuiet && time.Now().Before(end) && ctx.Err() == nil {
		saved := time.Now()
		var err error
		if lane == laneElsewhere {
			err = os.WriteFile(e.elsewhere, e.text, 0o600)
		} else {
			var taken float64
			taken, err = liveAfter(ctx, edge, e, lane == laneEverything)
			live = append(live, taken)
		}
		if err != nil {
			cancel(err)
			break
		}
		time.Sleep(editGap - min(editGap, time.Since(saved)))
	}
	workers.Wait()
	if err := context.Cause(ctx); err != nil && !errors.Is(err, context.Canceled) {
		return nil, nil, err
	}
	return polls, live, ctx.Err()
}

// liveAfter is how many milliseconds after it is saved an edit is in an answer.
func liveAfter(ctx context.Context, edge *server, e *edition, everything bool) (float64, error) {
	mark, err := e.next(everything)
	saved := time.Now()
	if err != nil {
		return 0, err
	}
	err = untilLive(ctx, edge, mark)
	return time.Since(saved).Seconds() * 1e3, err
}

// pace polls at a steady pace until the end. A poll that comes late because the one before took long counts from when it
// was to begin.
func pace(ctx context.Context, dial dialer, offset time.Duration, end time.Time) ([]float64, error) {
	v, err := dial(ctx)
	if err != nil {
		return nil, err
	}
	defer v.Close()
	var times []float64
	for due := time.Now().Add(offset); due.Before(end) && ctx.Err() == nil; due = due.Add(editPace) {
		time.Sleep(time.Until(due))
		status, err := v.exchange()
		if err == nil && status != http.StatusOK {
			err = fmt.Errorf("a poll was answered with %d", status)
		}
		if err != nil {
			return nil, err
		}
		times = append(times, time.Since(due).Seconds()*1e3)
	}
	return times, nil
}

// untilLive returns when a text is in the answer of a poll on livePath.
func untilLive(ctx context.Context, edge *server, text string) error {
	for deadline := time.Now().Add(liveTimeout); time.Now().Before(deadline); time.Sleep(2 * time.Millisecond) {
		answer, err := poll(ctx, edge.address, polling{edge: edge.address, path: livePath, tab: "live"})
		if err != nil {
			return err
		}
		if strings.Contains(answer.body, text) {
			return nil
		}
	}
	return fmt.Errorf("%q is not live after %s", text, liveTimeout)
}

// perEdit is what one edit costs, in milliseconds of a processor: what was used beyond what as many polls use by themselves.
func (r editResult) perEdit(quiet editResult) float64 {
	perPoll := quiet.processor.Seconds() / float64(len(quiet.polls))
	return (r.processor.Seconds() - perPoll*float64(len(r.polls))) * 1e3 / float64(len(r.live))
}

func editsTable(results []editResult, size int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "The file has %s messages in %s.\n\n", "10,000", byteSize(size))
	b.WriteString("| while | polls p50 | p99 | ratio of p99 | live after, median | p95 | most | edits | processor time an edit |\n|---|--:|--:|--:|--:|--:|--:|--:|--:|\n")
	for _, r := range results {
		live := " | | | 0 | |"
		if len(r.live) > 0 {
			live = fmt.Sprintf(" %.0f ms | %.0f ms | %.0f ms | %d | %.0f ms |", percentile(r.live, 50), percentile(r.live, 95), r.live[len(r.live)-1], len(r.live), r.perEdit(results[laneQuiet]))
		}
		fmt.Fprintf(&b, "| %s | %.2f ms | %.2f ms | %s |%s\n", r.name, percentile(r.polls, 50), percentile(r.polls, 99), r.ratios, live)
	}
	return b.String()
}
