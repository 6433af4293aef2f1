package audience

import (
	"encoding/json"
	"errors"
	"testing"
	"time"
)

// Whatever an author writes, and whatever a visitor's traits are, nothing panics, and a condition and its opposite do
// not both hold.
func FuzzCondition(f *testing.F) {
	for _, condition := range typical {
		f.Add(condition, `{"plan":"trial","seats":5,"tags":["vip"],"address":{"city":"Berlin"},"app_version":"1.2.3-beta"}`, int64(1796299200))
	}
	for _, condition := range []string{
		`traits.a == traits.b`, `traits.a in traits.b`, `traits.a[traits.b] == traits.a`, `traits.a < traits.b || timestamp(traits.a) > now`,
		`traits.a + traits.b == traits.a * traits.b`, `version(traits.a) < version(traits.b)`, `traits.a.exists(x, x == traits.b) || traits.a.exists_one(x, has(x.y))`,
		`segment("a") && event.x == 1`, `has(traits["a b"])`, `now.getHours("UTC") > 1`, `traits.a.all(x, x.all(y, y > 0))`, `default(traits.a, [1])[0] == 1`,
		`size(traits) > 0 && traits == traits`, "\x00", `"\u00e4" == 'ä'`, `r"\d" == "\\d"`, `b"a" == b"a"`, `1u == 1u`, `.traits.a == 1`, `a.b.c()`, `{}`, `[`, `msg{a: 1}`,
	} {
		f.Add(condition, `{"a":[1,"x",null,{"y":true}],"b":"2026-01-01"}`, int64(0))
	}
	f.Fuzz(func(t *testing.T, text, traits string, now int64) {
		e := environmentOf(t)
		c, err := e.CompileTrigger(text)
		if err != nil {
			var problem *Problem
			if !errors.As(err, &problem) || problem.Line < 1 || problem.Column < 1 || problem.Text == "" || problem.Fix == "" {
				t.Fatalf("%q: %#v", text, err)
			}
			return
		}
		typed, err := NewEnvironment(map[string]string{"a": "int", "plan": "string"})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := typed.CompileTrigger(text); err != nil {
			t.Errorf("%q compiles only without declared types: %v", text, err)
		}
		facts := ada()
		facts.Traits, facts.Now = nil, time.Unix(now, 0)
		if json.Unmarshal([]byte(traits), &facts.Traits) != nil {
			facts.Traits = map[string]any{"a": traits, "b": now}
		}
		holds := c.Holds(facts)
		if explanation := c.Explain(facts); explanation.Holds != holds {
			t.Errorf("%q: %t, explained as %+v", text, holds, explanation)
		}
		if opposite, err := e.CompileTrigger("!(" + text + ")"); err == nil && holds && opposite.Holds(facts) {
			t.Errorf("%q and its opposite hold", text)
		}
		if len(facts.locals) != 0 {
			t.Errorf("%q leaves variables behind", text)
		}
	})
}

func FuzzReadIDs(f *testing.F) {
	f.Add([]byte("ada@example.com\ngrace@example.com\r\n"))
	f.Add([]byte("\ufeff\n\n \t x"))
	f.Fuzz(func(t *testing.T, data []byte) {
		list, err := readIDs(data)
		if err != nil {
			return
		}
		for _, id := range list.ids {
			if id == "" || !list.contains(id) {
				t.Errorf("%q is not found in %q", id, data)
			}
		}
	})
}

func FuzzVersions(f *testing.F) {
	f.Add("1.2.3", "1.2.3-beta.1", "v1.10")
	f.Add("1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta")
	f.Fuzz(func(t *testing.T, a, b, c string) {
		x, y, z := readRelease(ofText(a)), readRelease(ofText(b)), readRelease(ofText(c))
		if x.kind != release || y.kind != release || z.kind != release {
			return
		}
		xy, yz, xz := orderReleases(x.text, y.text), orderReleases(y.text, z.text), orderReleases(x.text, z.text)
		if xy != -orderReleases(y.text, x.text) {
			t.Errorf("%s and %s: %d one way only", a, b, xy)
		}
		if xy <= 0 && yz <= 0 && xz > 0 {
			t.Errorf("%s <= %s <= %s, but not %s <= %s", a, b, c, a, c)
		}
	})
}
