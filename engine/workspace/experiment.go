package workspace

import (
	"fmt"

	"handbill/engine/experiment"
	"handbill/engine/visitor"
)

// Control is the variant that a message is as it stands, where it has others.
const Control = "control"

// Experiment says to which visitors a message is shown, and in which variant, by lot.
type Experiment struct {
	// Rollout and Holdout are the parts of visitors, in buckets of [experiment.Buckets]: to whom it is rolled out, and who
	// is held out.
	Rollout, Holdout int
	// Seed is what lots are drawn from, by the draws for each of the three.
	Seed                                  string
	RolloutDraw, HoldoutDraw, VariantDraw experiment.Draw
	// Group is the exclusive group that the message is of; empty: none.
	Group string
	// Variants are what it shows to a part of the visitors each, the message as it stands first; nil for one content for all.
	Variants []Variant
}

// Variant is what a message shows to a part of the visitors.
type Variant struct {
	// Message is the message with this content; its Variant is the variant's id.
	Message *Message
	// Buckets is how many buckets of visitors get it, and UpTo the bucket before which theirs end.
	Buckets, UpTo int
}

// InVariant is the message as the variant of an id shows it; the message itself where there is none of that id.
func (m *Message) InVariant(id string) *Message {
	if v := m.variant(id); v != nil {
		return v
	}
	return m
}

func (m *Message) variant(id string) *Message {
	for i := range m.Variants {
		if v := m.Variants[i].Message; v.Variant == id {
			return v
		}
	}
	return nil
}

// VariantOf is the message as the visitors of a bucket see it.
func (m *Message) VariantOf(bucket int) *Message {
	if len(m.Variants) == 0 {
		return m
	}
	for _, v := range m.Variants[1:] {
		if bucket < v.UpTo {
			return v.Message
		}
	}
	return m.Variants[0].Message
}

// Group is an exclusive group: each visitor is in one of its messages.
type Group struct{ Members []Member }

// Member is a message of an exclusive group. Of all members, a visitor is in that for which they draw the highest number:
// so one that comes or goes moves only those who are in it.
type Member struct {
	Message *Message
	Draw    experiment.Draw
}

// Group is the exclusive group that a message is of, with those that take part in it; nil for none.
func (s *Snapshot) Group(m *Message) *Group { return s.groups[m.Group] }

// addGroup notes a message by its exclusive group. Drafts and what is archived take no part; what is paused keeps its part.
func (s *Snapshot) addGroup(m *Message) {
	if m.Group == "" || m.Status == StatusDraft || m.Status == StatusArchived {
		return
	}
	if s.groups == nil {
		s.groups = make(map[string]*Group)
	}
	group := s.groups[m.Group]
	if group == nil {
		group = &Group{}
		s.groups[m.Group] = group
	}
	group.Members = append(group.Members, Member{m, experiment.NewDraw("exclusive_group", m.Group+"\x00"+m.ID)})
}

// checkGroups warns of exclusive groups of one message, which are most often misspelt.
func (c *check) checkGroups(messages []*Message) {
	members := make(map[string]int)
	for _, m := range messages {
		members[m.Group]++
	}
	for _, m := range messages {
		if m.Group == "" || members[m.Group] > 1 {
			continue
		}
		warning := c.ids[m.ID]
		warning.Text = fmt.Sprintf("message %q: no other message is of the exclusive_group %q", m.ID, m.Group)
		warning.Fix = "give another message the same, or leave it out"
		c.warnings = append(c.warnings, warning)
	}
}

// experiment reads to whom a message is shown by lot.
func (c *check) experiment(s section, id string) Experiment {
	seed := id
	if c.isName(s, "seed") {
		seed = s.text("seed")
	}
	made := Experiment{
		Rollout: c.percent(s, "rollout", 100, 100), Holdout: c.percent(s, "holdout", 0, 99), Seed: seed,
		RolloutDraw: experiment.NewDraw("rollout", seed), HoldoutDraw: experiment.NewDraw("holdout", seed), VariantDraw: experiment.NewDraw("variant", seed),
	}
	if c.isName(s, "exclusive_group") {
		made.Group = s.text("exclusive_group")
	}
	return made
}

// isName says whether a key is there and has a name; it reports what cannot be one.
func (c *check) isName(s section, name string) bool {
	text, given := s.values[name].(string)
	if given && !identifier.MatchString(text) {
		s.wrong(s.at(name), identifierRule, "the %s %q cannot be used", name, text)
		return false
	}
	return given
}

// percent reads a key with a percentage, as a number of buckets.
func (c *check) percent(s section, name string, fallback, most int64) int {
	percent, given := s.number(name)
	switch {
	case !given:
		percent = fallback
	case name == "holdout" && percent == 100:
		s.wrong(s.at(name), `set status = "shadow" to show it to nobody and count where it would have been`, "a holdout of 100 %% leaves nobody to see it")
	case percent < 0 || percent > most:
		s.wrong(s.at(name), fmt.Sprintf("write a percentage from 0 to %d", most), "%s %d is out of range", name, percent)
	}
	return int(percent) * (experiment.Buckets / 100)
}

// variantID reads a variant's id.
func (c *check) variantID(v section, used map[string]int, place int) string {
	id := v.text("id")
	switch before, twice := used[id]; {
	case !v.has("id") || kindOf(v.values["id"]) != aText:
	case !identifier.MatchString(id):
		v.wrong(v.at("id"), identifierRule, "the id %q cannot be used", id)
	case id == Control, id == visitor.Holdout:
		v.wrong(v.at("id"), "choose another; the message as it stands is control, without being written", "the id %q has a meaning of its own", id)
	case twice:
		v.wrong(v.at("id"), "give one of the two another id", "the id %q is that of variant %d already", id, before)
	}
	used[id] = place + 1
	return id
}

// shares gives variants, after the message as it stands, their parts of the visitors.
func (c *check) shares(s section, tables []section, variants []Variant) {
	left, without := experiment.Buckets, 1
	for i, v := range tables {
		variants[i+1].Buckets = -1
		if !v.has("weight") || kindOf(v.values["weight"]) != aNumber {
			without++
			continue
		}
		variants[i+1].Buckets = c.percent(v, "weight", 0, 100)
		left -= variants[i+1].Buckets
	}
	if left < 0 {
		s.wrong(s.at("variants"), "write smaller ones; what they leave of 100 sees the message as it stands", "the weights of the variants are %d together", (experiment.Buckets-left)/100)
		left = 0
	}
	if len(tables) > 1 && left >= experiment.Buckets*9/10 && left < experiment.Buckets && without == 1 {
		s.doubtful(s.at("variants"), "weights are percentages: two equal halves are 50 and 50, or none at all", "%d %% of visitors see no variant, but the message as it stands", left/100)
	}
	share, upTo := left/without, 0
	for i := range tables {
		if variants[i+1].Buckets < 0 {
			variants[i+1].Buckets = share
			left -= share
		}
		upTo += variants[i+1].Buckets
		variants[i+1].UpTo = upTo
	}
	variants[0].Buckets, variants[0].UpTo = left, experiment.Buckets
}
