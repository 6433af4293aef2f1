package audience

import (
	"fmt"
	"testing"
	"time"
)

// typical are conditions as messages have them.
var typical = []string{
	`traits.plan == "trial" && visit.count >= 2`,
	`traits.company == "Acme"`,
	`traits.plan in ["free", "trial"] && traits.seats > 3`,
	`traits.email.endsWith("@example.com") && !visitor.new`,
	`within_last(visitor.first_seen, "60d") && events.signed_up.count > 0`,
	`version(traits.app_version) >= version("2.1") || default(traits.plan, "free") == "pro"`,
	`request.speaks("de") && request.device != "mobile" && visit.utm.source == "newsletter"`,
	`traits.tags.exists(tag, tag.startsWith("vip-"))`,
	`page.path.matches("^/orders/[0-9]+$")`,
}

func BenchmarkHolds(b *testing.B) {
	for _, condition := range typical {
		b.Run(condition, func(b *testing.B) {
			c, f := compileCondition(b, condition), ada()
			b.ReportAllocs()
			for b.Loop() {
				c.Holds(f)
			}
		})
	}
	b.Run("segment", func(b *testing.B) {
		f := ada()
		f.Segments = compileSegments(b, sources...)
		a, err := NewAudience([]string{"active-trial", "!staff"})
		if err != nil {
			b.Fatal(err)
		}
		b.ReportAllocs()
		for b.Loop() {
			f.asked = nil
			a.Contains(f)
		}
	})
}

// tenThousand are the conditions of 10,000 messages, so many of them distinct.
func tenThousand(distinct int) []string {
	conditions := make([]string, 10_000)
	for i := range conditions {
		conditions[i] = fmt.Sprintf(`traits.plan == "plan-%d" && visit.count >= 2 && within_last(visitor.first_seen, "30d")`, i%distinct)
	}
	return conditions
}

func BenchmarkCompile(b *testing.B) {
	for _, distinct := range []int{200, 10_000} {
		b.Run(fmt.Sprintf("10000 messages, %d distinct conditions", distinct), func(b *testing.B) {
			conditions := tenThousand(distinct)
			for b.Loop() {
				e := environment(b, map[string]string{"plan": "string"})
				for _, condition := range conditions {
					if _, err := e.Compile(condition); err != nil {
						b.Fatal(err)
					}
				}
			}
		})
	}
	b.Run("one message edited of 10000", func(b *testing.B) {
		conditions := tenThousand(10_000)
		e := environment(b, map[string]string{"plan": "string"})
		for _, condition := range conditions {
			if _, err := e.Compile(condition); err != nil {
				b.Fatal(err)
			}
		}
		for edit := 0; b.Loop(); edit++ {
			next, err := e.Next(map[string]string{"plan": "string"})
			if err != nil {
				b.Fatal(err)
			}
			conditions[0] = fmt.Sprintf(`traits.plan == "edited-%d"`, edit)
			for _, condition := range conditions {
				if _, err := next.Compile(condition); err != nil {
					b.Fatal(err)
				}
			}
			e = next
		}
	})
	b.Run("a new environment", func(b *testing.B) {
		for b.Loop() {
			environment(b, map[string]string{"plan": "string"})
		}
	})
}

func BenchmarkList(b *testing.B) {
	var ids []byte
	for i := range 1_000_000 {
		ids = fmt.Appendf(ids, "user-%d@example.com\n", i)
	}
	e := environment(b, nil)
	start := time.Now()
	segments, wrong := CompileSegments(e, []SegmentSource{{Name: "invited", IDs: ids}})
	if len(wrong) > 0 {
		b.Fatal(wrong)
	}
	b.Logf("1,000,000 ids read in %s", time.Since(start))
	f := &Facts{Visitor: Visitor{User: "user-123456@example.com"}, Segments: segments}
	b.ReportAllocs()
	for b.Loop() {
		f.asked = nil
		segments.Contains("invited", f)
	}
}
