package workspace

import (
	"sync"

	"handbill/engine/content"
	"handbill/engine/pagerule"
)

const helloID = "handbill-hello"

// Hello is the built-in message of send test: what is shown where no message
// is named, also when the workspace has none. It is in no snapshot.
func Hello() *Message { return hello() }

var hello = sync.OnceValue(func() *Message {
	everyPage := []string{"*"}
	pages, err := pagerule.Compile(everyPage, nil)
	if err != nil {
		panic(err) // the rule is a constant
	}
	closes := true
	text := func(text string) content.Node { return content.Node{Text: text} }
	return &Message{
		ID:        helloID,
		Kind:      KindBroadcast,
		Status:    StatusLive,
		Audience:  everybody(),
		Frequency: preset(FrequencyOnce),
		Slot:      content.DisplayModal,
		Priority:  DefaultPriority,
		Pages:     pages,
		PageRules: everyPage,
		Content: content.Content{
			Display:      content.DisplayModal,
			Position:     content.PositionCenter,
			CloseOutside: &closes,
			Steps: []content.Step{{
				Name:  "hello",
				Title: "Hello from Handbill",
				Body: []content.Node{{Tag: "p", Children: []content.Node{
					text("This is a test, and only you see it. Messages reach this page: write the first one in the workspace's "),
					{Tag: "code", Children: []content.Node{text("[[messages]]")}},
					text("."),
				}}},
				Buttons: []content.Button{{Name: "close", Text: "Close", Action: "dismiss"}},
			}},
		},
	}
})
