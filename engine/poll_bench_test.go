package engine_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"handbill/engine"
	"handbill/engine/store"
	"handbill/engine/workspace"
)

// BenchmarkPollNothingDue is a poll of a visitor who has dismissed all that may appear on the page: 20 of 10,000 messages.
func BenchmarkPollNothingDue(b *testing.B) {
	const messages, fitting = 10_000, 20
	var text strings.Builder
	for i := range messages {
		rule := fmt.Sprintf("https://shop.example.com/section-%d/*", i)
		if i%(messages/fitting) == 0 {
			rule = "https://shop.example.com/shoes/*"
		}
		fmt.Fprintf(&text, "[[messages]]\nid = \"message-%d\"\npages = [%q]\ntext = \"Hello\"\n", i, rule)
	}
	snapshot, _, err := workspace.Compile([]workspace.File{{Name: "messages.toml", Data: []byte(text.String())}})
	if err != nil {
		b.Fatal(err)
	}
	memory := store.NewMemory()
	defer func() { _ = memory.Close() }()
	now := november
	e, err := engine.New(context.Background(), engine.Options{Workspace: "shop", Store: memory, Now: func() time.Time { return now }})
	if err != nil {
		b.Fatal(err)
	}
	e.Use(snapshot)
	request := engine.PollRequest{Identity: ada, Page: page(b, "https://shop.example.com/shoes/red", ""), Tab: "tab", View: "view", Visit: "visit"}
	answer, err := e.Poll(context.Background(), request)
	if err != nil || len(answer.Deliveries) != fitting {
		b.Fatalf("%d messages fit, error %v", len(answer.Deliveries), err)
	}
	for _, d := range answer.Deliveries {
		for _, outcome := range []engine.Outcome{engine.OutcomeOpened, engine.OutcomeDismissed} {
			if _, err := e.Report(context.Background(), ada, []engine.Report{{DeliveryID: d.ID, Outcome: outcome, Visit: "visit"}}); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		if answer, err := e.Poll(context.Background(), request); err != nil || len(answer.Deliveries) > 0 {
			b.Fatalf("%d messages are due, error %v", len(answer.Deliveries), err)
		}
	}
}
