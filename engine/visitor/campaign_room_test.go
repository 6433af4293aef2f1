package visitor

import (
	"fmt"
	"reflect"
	"testing"
	"time"
)

// fullOfCampaigns has as many runs as there is room for, begun by events a second apart.
func fullOfCampaigns() *Record {
	r := New("u:ada")
	for i := range MaxCampaigns {
		r.Apply(Change{Kind: Started, Message: fmt.Sprintf("campaign-%d", i), At: november.Add(time.Duration(i) * time.Second)})
	}
	return r
}

func TestACampaignThatMadeRoomStartsAgainOnlyWhenItMay(t *testing.T) {
	day := 24 * time.Hour
	for name, c := range map[string]struct {
		at, again time.Time
		counted   bool
	}{
		"never":                     {november.Add(1000 * day), time.Time{}, false},
		"before the time is over":   {november.Add(day - time.Millisecond), november.Add(2*day - time.Millisecond), false},
		"when the time is over":     {november.Add(day), november.Add(2 * day), true},
		"always":                    {november.Add(day), november.Add(day), true},
		"always, but at that time":  {november, november, false},
		"always, told late":         {november.Add(-time.Minute), november.Add(-time.Minute), false},
		"another one than its name": {november.Add(day), time.Time{}, true},
	} {
		t.Run(name, func(t *testing.T) {
			r := fullOfCampaigns()
			r.Apply(Change{Kind: Started, Message: "the-last-straw", At: november.Add(time.Hour)})
			if last := r.LastRun("campaign-0"); r.Campaigns["campaign-0"] != nil || !last.Started.Equal(november) || last.Opened != 0 {
				t.Fatalf("of the campaign that made room is remembered %+v", last)
			}
			start := Change{Kind: Started, Message: "campaign-0", At: c.at, Again: c.again}
			if name == "another one than its name" {
				start.Message = "campaign-new"
			}
			if r.Apply(start) != c.counted || len(r.Campaigns) != MaxCampaigns {
				t.Errorf("counted is %t, of %d runs", !c.counted, len(r.Campaigns))
			}
		})
	}
}

func TestAVisitMakesNoRoomOfWhatNobodyHasSeen(t *testing.T) {
	r := fullOfCampaigns()
	byVisit := Change{Kind: Started, Message: "hello", At: november.Add(time.Hour), Until: november.Add(time.Hour), Visit: 7}
	before := r.Clone()
	if r.CampaignRoom() != 0 || r.Apply(byVisit) || !reflect.DeepEqual(r, before) {
		t.Fatal("a visit pushed out what was not seen")
	}
	shown := byVisit
	shown.Delivery = 1
	if !r.Apply(shown) || r.Apply(shown) || !r.LastRun("hello").Started.Equal(shown.At) || len(r.Campaigns) != MaxCampaigns {
		t.Errorf("what came on screen has not started once: %+v", r.LastRun("hello"))
	}
	r.Apply(Change{Kind: Opened, Message: "campaign-9", Delivery: 2, At: november.Add(time.Hour), Run: november.Add(9 * time.Second)})
	byVisit.Message = "hello again"
	if r.CampaignRoom() != 1 || !r.Apply(byVisit) || r.Campaigns["campaign-9"] != nil || r.LastRun("campaign-9").Opened != 1 {
		t.Errorf("what was seen makes no room; it has %+v", r.LastRun("campaign-9"))
	}
}

func TestACampaignThatMadeRoomIsLeftForGood(t *testing.T) {
	exit := Change{Kind: Exited, Message: "campaign-0", At: november.Add(time.Hour)}
	straw := Change{Kind: Started, Message: "the-last-straw", At: november.Add(2 * time.Hour)}
	before, after := fullOfCampaigns(), fullOfCampaigns()
	before.Apply(exit)
	before.Apply(straw)
	after.Apply(straw)
	if !after.Apply(exit) || after.Apply(exit) {
		t.Error("it is not left once")
	}
	for name, r := range map[string]*Record{"left before it made room": before, "left after": after} {
		data, err := Encode(r)
		if err != nil {
			t.Fatal(err)
		}
		read, err := Decode(data)
		if err != nil || !read.LastRun("campaign-0").Exited.Equal(exit.At) {
			t.Errorf("%s: read %+v, error %v", name, read.LastRun("campaign-0"), err)
		}
	}
}

func TestMergingKnowsWhatMadeRoom(t *testing.T) {
	day := 24 * time.Hour
	for name, c := range map[string]struct {
		at, again time.Time
		stays     bool
	}{
		"the later run, which never starts again":   {november.Add(day), time.Time{}, false},
		"the later run, which may":                  {november.Add(day), november.Add(2 * day), true},
		"the later run, which may not yet":          {november.Add(time.Hour), november.Add(day), false},
		"the earlier run, which makes room at once": {november.Add(-time.Hour), time.Time{}, false},
		"the same": {november, time.Time{}, false},
	} {
		t.Run(name, func(t *testing.T) {
			person, browser := fullOfCampaigns(), New("a:browser")
			person.Apply(Change{Kind: Started, Message: "the-last-straw", At: november.Add(time.Hour)})
			browser.Apply(Change{Kind: Started, Message: "campaign-0", At: c.at, Again: c.again})
			for way, pair := range map[string][2]*Record{"into": {person, browser}, "from": {browser, person}} {
				merged := Merge(pair[0], pair[1])
				run := merged.Campaigns["campaign-0"]
				// What stays may have to make room once more.
				if stays := run != nil || merged.LastRun("campaign-0").Started.Equal(stamp(c.at)); stays != (c.stays || c.at.Equal(november)) {
					t.Errorf("%s: the run is %+v, of the last is known %+v", way, run, merged.LastRun("campaign-0"))
				}
				if again := Merge(merged, pair[1]); !reflect.DeepEqual(again, merged) {
					t.Errorf("%s: merging again changes it", way)
				}
				if len(merged.Campaigns) > MaxCampaigns {
					t.Errorf("%s: there are %d runs", way, len(merged.Campaigns))
				}
			}
		})
	}
}
