package engine_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"handbill/engine"
	"handbill/engine/eventlog"
	"handbill/engine/experiment"
	"handbill/engine/store"
	"handbill/engine/visitor"
	"handbill/engine/workspace"
)

// rolledOut is a message that is rolled out to some percent of visitors.
func rolledOut(percent int) string {
	return fmt.Sprintf("[[messages]]\nid = \"news\"\npages = [\"*\"]\ntext = \"News\"\nrollout = %d\n", percent)
}

func userNumber(i int) visitor.Identity {
	return visitor.Identity{Anonymous: fmt.Sprintf("browser-%d", i), User: fmt.Sprintf("user-%d", i), Level: visitor.LevelIdentified}
}

func TestARollOutThatGrowsTakesNobodyOut(t *testing.T) {
	e := newEdge(t, rolledOut(0))
	const visitors = 400
	in := make([]bool, visitors)
	for _, percent := range []int{0, 1, 25, 50, 75, 100} {
		e.use(rolledOut(percent))
		count := 0
		for i := range visitors {
			due := len(e.poll(userNumber(i), shopHome, "tab", "view").Deliveries) == 1
			if in[i] && !due {
				t.Errorf("user %d is out at %d %%", i, percent)
			}
			in[i] = due
			if due {
				count++
			}
		}
		if want := visitors * percent / 100; count < want-30 || count > want+30 || percent == 0 && count > 0 || percent == 100 && count < visitors {
			t.Errorf("at %d %% %d of %d see it", percent, count, visitors)
		}
	}
}

// someone is a visitor for whom something holds of the message that everybody could see.
func someone(t *testing.T, who func(int) visitor.Identity, holds func(visitor.Identity) bool) visitor.Identity {
	t.Helper()
	for i := range 2000 {
		if holds(who(i)) {
			return who(i)
		}
	}
	t.Fatal("there is nobody")
	return visitor.Identity{}
}

func bucketOf(purpose, seed string, who visitor.Identity) int {
	return experiment.NewDraw(purpose, seed).Bucket("", who.ID())
}

func TestWhoHasSeenAMessageStaysInItWhenTheyIdentify(t *testing.T) {
	// A browser that is in, of a person who by their user id is not.
	who := someone(t, userNumber, func(v visitor.Identity) bool {
		return bucketOf("rollout", "news", visitor.Identity{Anonymous: v.Anonymous}) < 2000 && bucketOf("rollout", "news", v) > 8000
	})
	browser := visitor.Identity{Anonymous: who.Anonymous}
	for _, test := range []struct {
		name string
		live func(*edge)
		want bool
	}{
		{"who has seen it", func(e *edge) { e.openAll(browser, e.poll(browser, shopHome, "tab", "view-1"), "") }, true},
		{"who has not", func(*edge) {}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			e := newEdge(t, rolledOut(20))
			test.live(e)
			if err := e.Identify(context.Background(), who, nil); err != nil {
				t.Fatal(err)
			}
			if got := len(e.poll(who, shopHome, "tab", "view-2").Deliveries) == 1; got != test.want {
				t.Errorf("after identifying it is due: %t", got)
			}
			e.use(rolledOut(0))
			if len(e.poll(who, shopHome, "tab", "view-3").Deliveries) > 0 {
				t.Error("a message that is rolled back is still shown")
			}
		})
	}
}

const testedTitles = `
[[messages]]
id = "sale"
pages = ["*"]
frequency = "always"
title = "Sale"
text = "20 % off."
buttons = [{ text = "See offers", action = "/offers" }]
goal = { event = "Order Completed", within = "7d" }
holdout = 20

  [[messages.variants]]
  id = "short"
  title = "Sale!"

  [[messages.variants]]
  id = "named"
  title = "{{ traits.first_name | default: 'You' }}: sale"
`

func title(t *testing.T, answer engine.PollAnswer) string {
	t.Helper()
	if len(answer.Deliveries) != 1 {
		return ""
	}
	return answer.Deliveries[0].Content.Steps[0].Title
}

func TestEachVisitorSeesOneVariant(t *testing.T) {
	e := newEdge(t, testedTitles)
	seen := map[string]int{}
	for i := range 300 {
		who := userNumber(i)
		first := e.poll(who, shopHome, "tab", "view-1")
		e.openAll(who, first, "")
		if again := title(t, e.poll(who, shopHome, "tab", "view-2")); again != title(t, first) {
			t.Errorf("user %d saw %q, then %q", i, title(t, first), again)
		}
		seen[title(t, first)]++
	}
	for _, of := range []string{"Sale", "Sale!", "You: sale"} {
		if seen[of] < 50 || seen[of] > 110 {
			t.Errorf("%q was seen by %d of 300", of, seen[of])
		}
	}
	if seen[""] < 35 || seen[""] > 85 {
		t.Errorf("%d of 300 were held out", seen[""])
	}
}

func TestWhoHasSeenAVariantKeepsIt(t *testing.T) {
	e := newEdge(t, testedTitles)
	// By the browser's id "short", by the user id "named".
	who := someone(t, userNumber, func(v visitor.Identity) bool {
		browser := visitor.Identity{Anonymous: v.Anonymous}
		of := e.Snapshot().Message("sale")
		return of.VariantOf(bucketOf("variant", "sale", browser)).Variant == "short" && bucketOf("holdout", "sale", browser) > 2000 &&
			of.VariantOf(bucketOf("variant", "sale", v)).Variant == "named"
	})
	browser := visitor.Identity{Anonymous: who.Anonymous}
	answer := e.poll(browser, shopHome, "tab", "view-1")
	if got := title(t, answer); got != "Sale!" {
		t.Fatalf("the browser sees %q", got)
	}
	e.openAll(browser, answer, "")
	if err := e.Identify(context.Background(), who, nil); err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct{ what, from, to, want string }{
		{"after identifying", "", "", "Sale!"},
		{"with other weights", `id = "short"`, "id = \"short\"\n  weight = 0", "Sale!"},
		{"when the variant is gone", `id = "short"`, `id = "brief"`, ""},
	} {
		e.use(strings.Replace(testedTitles, step.from, step.to, 1))
		got := title(t, e.poll(who, shopHome, "tab", step.what))
		if step.want != "" && got != step.want || step.want == "" && got == "" {
			t.Errorf("%s they see %q", step.what, got)
		}
	}
	explained := e.because("u:"+who.User, shopHome, "sale")
	if explained.Variant == "" || explained.Variant == "short" {
		t.Errorf("explained is %+v", explained)
	}
}

// visitorsOf polls, opens and lets some convert, and returns whom the message was shown to.
func (e *edge) visitorsOf(n int, buys func(int) bool) (shown int) {
	e.t.Helper()
	for i := range n {
		who := userNumber(i)
		answer := e.poll(who, shopHome, "tab", "view-1")
		e.openAll(who, answer, "")
		for _, d := range answer.Deliveries {
			e.tell(who, d, engine.OutcomeClicked, "/offers", "")
			shown++
		}
		e.openAll(who, e.poll(who, shopHome, "tab", "view-2"), "")
		if buys(i) {
			e.track(who, eventlog.Event{Type: "track", Name: "Order Completed"})
			e.track(who, eventlog.Event{Type: "track", Name: "Order Completed"})
		}
	}
	return shown
}

func TestStatisticsTellVariantsAndTheHoldoutApart(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	open := func() store.Store {
		bolt, err := store.OpenBolt(path, store.Options{})
		if err != nil {
			t.Fatal(err)
		}
		return bolt
	}
	on := open()
	e := newEdgeOn(t, on, testedTitles)
	const visitors = 60
	bought := 0
	shown := e.visitorsOf(visitors, func(i int) bool {
		if i%3 == 0 {
			bought++
		}
		return i%3 == 0
	})
	before := statisticsOf(t, e, "sale")
	if err := on.Close(); err != nil {
		t.Fatal(err)
	}
	on = open()
	defer on.Close()
	e = newEdgeOn(t, on, testedTitles)
	got := statisticsOf(t, e, "sale")
	if !reflect.DeepEqual(got, before) {
		t.Errorf("after a restart\n%+v\nbefore\n%+v", got, before)
	}
	held := int64(visitors - shown)
	if got.Viewers != int64(shown) || got.Opened != 2*got.Viewers || got.Clickers != got.Viewers || got.Holdout.Visitors != held || got.HeldOut != 2*held {
		t.Errorf("%d saw it and %d were held out; counted are %+v, %+v", shown, held, got, got.Holdout)
	}
	if all := got.Converted + got.Holdout.Converted; all != int64(bought) {
		t.Errorf("%d bought, and %d are counted", bought, all)
	}
	var sum engine.Counts
	var names []string
	for _, v := range got.Variants {
		names = append(names, v.Variant)
		sum.Opened, sum.Viewers, sum.Converted, sum.Deliveries = sum.Opened+v.Opened, sum.Viewers+v.Viewers, sum.Converted+v.Converted, sum.Deliveries+v.Deliveries
		if v.ConversionRate == nil || v.ConversionRate.Of != v.Viewers || (v.Difference == nil) != (v.Variant == "control") {
			t.Errorf("of %s: %+v", v.Variant, v.Counts)
		}
	}
	if !reflect.DeepEqual(names, []string{"control", "short", "named"}) || sum.Opened != got.Opened || sum.Viewers != got.Viewers || sum.Converted != got.Converted || sum.Deliveries != got.Deliveries {
		t.Errorf("the variants %v have %+v together, and the message %+v", names, sum, got.Counts)
	}
	if got.Difference == nil || got.Difference.Against != "holdout" {
		t.Errorf("the difference to the holdout is %+v", got.Difference)
	}
	if _, err := json.Marshal(got); err != nil {
		t.Error(err)
	}
	e.use(strings.Replace(testedTitles, `id = "short"`, `id = "brief"`, 1))
	if now := statisticsOf(t, e, "sale").Variants; len(now) != 4 || now[3].Variant != "short" || now[3].Opened == 0 {
		t.Errorf("after a variant was renamed: %+v", now)
	}
}

const grouped = `
[[messages]]
id = "tour"
pages = ["*"]
frequency = "always"
text = "Tour"
exclusive_group = "onboarding"

[[messages]]
id = "video"
pages = ["*"]
frequency = "always"
text = "Video"
exclusive_group = "onboarding"

[[messages]]
id = "call"
pages = ["*"]
frequency = "always"
text = "Call"
exclusive_group = "onboarding"
`

func TestAVisitorIsInOneMessageOfAnExclusiveGroup(t *testing.T) {
	e := newEdge(t, grouped)
	const visitors = 300
	in, counts := make([]string, visitors), map[string]int{}
	for i := range visitors {
		due := e.due(userNumber(i), shopHome, "view")
		if len(due) != 1 {
			t.Fatalf("user %d is in %v", i, due)
		}
		in[i] = due[0]
		counts[due[0]]++
	}
	for id, n := range counts {
		if n < 70 || n > 130 {
			t.Errorf("%d of %d are in %s", n, visitors, id)
		}
	}
	for _, step := range []struct {
		status string
		stays  bool
	}{{"paused", true}, {"archived", false}} {
		e.use(strings.Replace(grouped, `id = "call"`, "id = \"call\"\nstatus = \""+step.status+"\"", 1))
		for i := range visitors {
			due := e.due(userNumber(i), shopHome, "view-2")
			switch {
			case in[i] != "call" && (len(due) != 1 || due[0] != in[i]):
				t.Errorf("%s: user %d was in %s and is in %v", step.status, i, in[i], due)
			case in[i] == "call" && (len(due) == 0) != step.stays:
				t.Errorf("%s: user %d was in call and is in %v", step.status, i, due)
			}
		}
	}
}

func TestWhoHasSeenAMessageOfAGroupStaysInIt(t *testing.T) {
	e := newEdge(t, grouped)
	who := someone(t, userNumber, func(v visitor.Identity) bool {
		return e.due(visitor.Identity{Anonymous: v.Anonymous}, shopHome, "looking")[0] != e.due(v, shopHome, "looking")[0]
	})
	browser := visitor.Identity{Anonymous: who.Anonymous}
	first := e.poll(browser, shopHome, "tab", "view-1")
	e.openAll(browser, first, "")
	if err := e.Identify(context.Background(), who, nil); err != nil {
		t.Fatal(err)
	}
	if got := e.due(who, shopHome, "view-2"); !reflect.DeepEqual(got, ids(first)) {
		t.Errorf("the browser saw %v, the person is in %v", ids(first), got)
	}
	if m := e.because(who.ID(), shopHome, map[bool]string{true: "video", false: "tour"}[ids(first)[0] == "tour"]); m.Reason != engine.ReasonExclusive {
		t.Errorf("another of the group: %+v", m)
	}
}

func TestDecidingByLotAllocatesNothing(t *testing.T) {
	snapshot, _, err := workspace.Compile([]workspace.File{{Name: "a.toml", Data: []byte(testedTitles)}})
	if err != nil {
		t.Fatal(err)
	}
	m := snapshot.Message("sale")
	if n := testing.AllocsPerRun(100, func() { m.VariantOf(m.VariantDraw.Bucket("u:", "ada")) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestTheDocumentedLotsAndRatesAreTrue(t *testing.T) {
	data, err := os.ReadFile("../docs/experiments.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows(t, string(data), "visitor")[1:] {
		id := strings.Trim(row[0], "`")
		for i, purpose := range []string{"rollout", "variant", "holdout"} {
			want := row[i+1]
			if got := strings.TrimSpace(fmt.Sprint(experiment.NewDraw(purpose, "sale").Bucket("", id) + 1)); got != strings.ReplaceAll(want, ",", "") {
				t.Errorf("%s of %s is %s, and documented is %s", purpose, id, got, want)
			}
		}
	}
	for _, row := range rows(t, string(data), "saw it")[1:] {
		var of, some, others, ofOthers int64
		if _, err := fmt.Sscan(strings.Join(row[:4], " "), &of, &some, &ofOthers, &others); err != nil {
			t.Fatal(err)
		}
		rate, other := experiment.Share(some, of), experiment.Share(others, ofOthers)
		change := experiment.Difference(rate, other, "holdout")
		got := []string{
			fmt.Sprintf("%.1f %% (%.1f to %.1f)", 100*rate.Value, 100*rate.Low, 100*rate.High),
			fmt.Sprintf("%.1f %% (%.1f to %.1f)", 100*other.Value, 100*other.Low, 100*other.High),
			fmt.Sprintf("%+.1f (%+.1f to %+.1f)", 100*change.Value, 100*change.Low, 100*change.High),
		}
		if !reflect.DeepEqual(got, row[4:7]) {
			t.Errorf("%v has %q", row, got)
		}
	}
}
