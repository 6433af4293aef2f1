package workspace

import (
	"cmp"
	"slices"
	"time"
	_ "time/tzdata" // timezone must mean the same on a machine without a time zone database

	"handbill/engine/audience"
	"handbill/engine/content"
	"handbill/engine/leisure"
	"handbill/engine/pagerule"
)

// Compile checks and compiles the files of a workspace. The files are checked
// as one: where their settings or messages stand does not matter, except that
// messages of equal priority and start come in the files' order. The warnings
// are there with and without an error. An error is [Problems].
func Compile(files []File) (*Snapshot, []Problem, error) {
	return CompileFrom(nil, files)
}

// CompileFrom is Compile, reusing the messages of a previous snapshot that did
// not change. Without one, previous is nil.
func CompileFrom(previous *Snapshot, files []File) (*Snapshot, []Problem, error) {
	return compileAt(time.Now(), previous, files)
}

func compileAt(now time.Time, previous *Snapshot, files []File) (*Snapshot, []Problem, error) {
	var work *leisure.Work
	if previous != nil {
		work = leisure.Begin()
	}
	c := &check{previous: previous, now: now, work: work}
	snapshot := c.edited(files)
	if snapshot == nil {
		c = &check{previous: previous, now: now, work: work}
		snapshot = c.workspace(files)
	}
	warnings := inOrder(c.warnings)
	if len(c.problems) > 0 {
		return nil, warnings, Problems(inOrder(c.problems))
	}
	return snapshot, warnings, nil
}

// check is one run over a workspace's files.
type check struct {
	previous *Snapshot
	// now is the time by which a message has ended.
	now      time.Time
	problems []located
	warnings []located
	// skipped are the messages that are left out.
	skipped []Skipped
	// settings are those of the table [workspace].
	settings settings
	// ids says where each id was used first.
	ids map[string]located
	// templates are by their ids.
	templates map[string]*template
	// throttleNames are the ids of the throttles of groups, right or wrong.
	throttleNames []string
	// themes are by their ids.
	themes map[string]*theme
	// texts are the Liquid texts that were read already: many messages say the same.
	texts map[textKey]*content.Text
	// shown are the messages that buttons show.
	shown []shownBy
	// shownByKept are those that buttons of messages show which were not read again.
	shownByKept []string
	// lists are the files of ids that segments name, by their names.
	lists map[string]File
	// language compiles conditions; nil until there is one.
	language *audience.Environment
	// segments are compiled before the messages; nil where there are none. segmentAt says where each was defined,
	// segmentSum stands for all that was written about them.
	segments   *audience.Segments
	segmentAt  map[string]located
	segmentSum digest
	// conditions are those of messages and segments.
	conditions map[*audience.Condition]bool
	// doubtful is set where what was kept of messages before does not do, and all must be read.
	doubtful bool
	// reused counts the messages that were not read again.
	reused int
	// worked counts messages that were worked on; work is nil where nothing is in use yet.
	worked int
	work   *leisure.Work
}

// rest lets others go first: while a snapshot is in use, its successor is not worth that anybody waits. It is called for each
// message.
func (c *check) rest() {
	const often = 8 // messages between two looks at the clock
	if c.worked++; c.worked%often == 0 {
		c.work.Rest()
	}
}

func (c *check) workspace(files []File) *Snapshot {
	c.lists = make(map[string]File)
	documents := make([]section, 0, len(files))
	for order, file := range files {
		if file.List {
			c.lists[file.Name] = file
			continue
		}
		f := parse(c, order, file)
		if f == nil {
			c.settings.uncertain = true
			continue
		}
		documents = append(documents, c.document(f))
	}
	return c.compile(documents)
}

// document is a file's outermost table.
func (c *check) document(f *parsedFile) section {
	return section{check: c, file: f, values: f.values, place: f.places}
}

// compile checks and compiles what was read.
func (c *check) compile(documents []section) *Snapshot {
	known := 0
	if c.previous != nil {
		known = len(c.previous.Messages)
	}
	c.ids, c.templates, c.texts = make(map[string]located, known), make(map[string]*template), make(map[textKey]*content.Text)
	c.segmentAt, c.conditions = make(map[string]located), make(map[*audience.Condition]bool)
	for _, document := range documents {
		document.checkKeys(documentKeys)
	}
	c.readThemes(documents)
	c.readSettings(documents)
	c.readSegments(documents)
	c.readTemplates(documents)
	c.readThrottles(documents)
	messages := c.readMessages(documents)
	c.checkShown()
	c.checkGroups(messages)
	if len(messages) == 0 && len(c.skipped) == 0 && len(c.problems) == 0 && len(documents) > 0 {
		documents[0].doubtful(0, "add one that begins with [[messages]]", "the workspace has no messages")
	}
	snapshot := c.snapshot(messages)
	snapshot.kept = c.keep(documents)
	return snapshot
}

func (c *check) snapshot(messages []*Message) *Snapshot {
	c.work.Rest()
	sortMessages(messages)
	c.work.Rest()
	s := &Snapshot{
		Throttles: c.settings.throttles, Zone: cmp.Or(c.settings.zone, time.UTC), eventGoals: make(map[string][]*Message),
		Name: c.settings.name, SiteID: c.settings.siteID, WriteKey: c.settings.writeKey, InApp: c.settings.inApp, Locale: c.settings.locale, Throttle: c.settings.throttle,
		Traits: c.settings.traits, Segments: c.segments, asks: make(map[string]bool), language: c.language,
		Messages: messages, Skipped: c.skipped, places: c.placesOf(messages),
		numbers: new(numbers),
	}
	for condition := range c.conditions {
		for _, variable := range variables {
			s.asks[variable] = s.asks[variable] || condition.Uses(variable)
		}
	}
	sets := make([]pagerule.Set, len(messages))
	for i, message := range messages {
		c.rest()
		sets[i] = message.Pages
		s.addGoal(message)
		s.addGroup(message)
		s.addToInbox(message)
		s.addEmbedded(message)
	}
	if c.settings.theme != nil {
		s.inbox.look = c.settings.theme.made
	}
	s.index = c.indexOf(messages, sets)
	c.work.Rest()
	s.starters = newStarters(messages, c.segments)
	c.work.Rest()
	s.Generation = generation(s, c.segmentSum)
	return s
}

// placesOf are the places of messages by their ids: the map of the snapshot before, where they are the same.
func (c *check) placesOf(messages []*Message) map[string]int {
	same := func(a, b *Message) bool { return a == b || a.ID == b.ID }
	if c.previous != nil && len(c.problems) == 0 && slices.EqualFunc(messages, c.previous.Messages, same) {
		return c.previous.places
	}
	places := make(map[string]int, len(messages))
	for i, message := range messages {
		c.rest()
		places[message.ID] = i
	}
	return places
}

// sortMessages puts messages that are in the order of the files into the settled one. What is compared stands together, for in
// thousands of messages each would have to be fetched again and again, and holds no pointers: while the garbage collector works,
// those cost several times as much to move.
func sortMessages(messages []*Message) {
	type key struct {
		priority, place int
		seconds         int64 // when it starts
		nanoseconds     int
	}
	keys, inFiles := make([]key, len(messages)), slices.Clone(messages)
	for i, m := range messages {
		keys[i] = key{m.Priority, i, m.Start.Unix(), m.Start.Nanosecond()}
	}
	slices.SortFunc(keys, func(a, b key) int {
		switch {
		case a.priority != b.priority:
			return cmp.Compare(a.priority, b.priority)
		case a.seconds != b.seconds:
			return cmp.Compare(a.seconds, b.seconds)
		case a.nanoseconds != b.nanoseconds:
			return cmp.Compare(a.nanoseconds, b.nanoseconds)
		}
		return cmp.Compare(a.place, b.place)
	})
	for i, k := range keys {
		messages[i] = inFiles[k.place]
	}
}

// indexOf is the index of the messages' page rules: the one before, as far as these did not change.
func (c *check) indexOf(messages []*Message, sets []pagerule.Set) *pagerule.Index {
	if c.previous == nil {
		return pagerule.BuildIndex(sets)
	}
	from := make([]int, len(messages))
	for i, message := range messages {
		c.rest()
		from[i] = -1
		if place, ok := i, i < len(c.previous.Messages) && c.previous.Messages[i] == message; ok {
			from[i] = place
		} else if place, ok := c.previous.places[message.ID]; ok && c.previous.Messages[place].Pages.Same(message.Pages) {
			from[i] = place
		}
	}
	return c.previous.index.Update(sets, from)
}

// inOrder sorts problems by file and place. Keys of a table are checked in no order of their own.
func inOrder(all []located) []Problem {
	slices.SortStableFunc(all, func(a, b located) int {
		return cmp.Or(cmp.Compare(a.order, b.order), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column), cmp.Compare(a.Text, b.Text))
	})
	var problems []Problem
	for _, one := range all {
		problems = append(problems, one.Problem)
	}
	return problems
}

// addGoal notes a message by its goal.
func (s *Snapshot) addGoal(m *Message) {
	if m.Goal == nil {
		return
	}
	if m.Goal.Event != "" {
		s.eventGoals[m.Goal.Event] = append(s.eventGoals[m.Goal.Event], m)
	}
	if m.Goal.HasPages {
		s.pageGoals = append(s.pageGoals, m)
	}
}
