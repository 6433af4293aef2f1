package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// heard is an in-app event as the site's code receives it.
type heard struct {
	Name        string `json:"name"`
	MessageID   string `json:"messageId"`
	DeliveryID  string `json:"deliveryId,omitempty"`
	ActionName  string `json:"actionName,omitempty"`
	ActionValue string `json:"actionValue,omitempty"`
}

func (h heard) String() string {
	return strings.TrimSpace(strings.Join([]string{h.Name, h.MessageID, h.ActionName, h.ActionValue}, " "))
}

// hears waits until the page's listener has heard as much, and compares it. It is told what our own client says.
func (v *guest) hears(want ...string) {
	v.t.Helper()
	want = v.asPublished(want)
	got := v.heardAtLeast(len(want))
	if !slices.Equal(got, want) {
		v.t.Errorf("the listener heard\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

// hearsAmong waits until the page's listener has heard these, among others.
func (v *guest) hearsAmong(want ...string) {
	v.t.Helper()
	var got []string
	lacking := want
	for deadline := time.Now().Add(patience); len(lacking) > 0 && time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		got = v.heardAtLeast(0)
		lacking = slices.DeleteFunc(slices.Clone(want), func(one string) bool { return slices.Contains(got, one) })
	}
	if len(lacking) > 0 {
		v.t.Errorf("the listener heard\n  %s\nand not\n  %s", strings.Join(got, "\n  "), strings.Join(lacking, "\n  "))
	}
}

// heardTimes waits until the page's listener has heard something as often.
func (v *guest) heardTimes(times int, what string) {
	v.t.Helper()
	until(v.t, fmt.Sprintf("%q is heard %d times", what, times), func() bool {
		n := 0
		for _, one := range v.heardAtLeast(0) {
			if one == what {
				n++
			}
		}
		return n >= times
	})
}

// asPublished is what a listener of a published client hears where one of ours hears this: a button that closes is an action
// of its own and the client's, and no other step is told.
func (v *guest) asPublished(events []string) []string {
	if v.client.way == builtin {
		return events
	}
	var told []string
	for _, one := range events {
		if strings.HasPrefix(one, "changed ") {
			continue
		}
		told = append(told, one)
		if button, closes := strings.CutSuffix(one, " dismiss"); closes && strings.HasPrefix(one, "action ") {
			told = append(told, button+" gist://close")
		}
	}
	return told
}

// heardAtLeast waits until the page's listener has heard as many events. Each must name a delivery, and all of one message the
// same; "changed" is heard from our own client alone.
func (v *guest) heardAtLeast(many int) (said []string) {
	v.t.Helper()
	var got []heard
	for deadline := time.Now().Add(patience / 3); ; time.Sleep(30 * time.Millisecond) {
		if err := json.Unmarshal([]byte(js[string](v.tab, `sessionStorage.getItem("heard") || "[]"`)), &got); err != nil {
			v.t.Fatal(err)
		}
		if len(got) >= many || time.Now().After(deadline) {
			break
		}
	}
	for _, one := range got {
		said = append(said, one.String())
		if one.DeliveryID == "" && !v.undelivered() {
			v.t.Errorf("%s names no delivery", one)
		}
	}
	return said
}

// undelivered says whether the scenario's messages have no delivery for a published client: those whose frequency it keeps
// itself, and those that come with the page.
func (v *guest) undelivered() bool {
	return v.client.way != builtin && (strings.Contains(v.scenario.messages, "ignore_dismiss") || strings.Contains(v.scenario.messages, "embed = true"))
}
