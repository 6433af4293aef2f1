package visitor

import (
	"errors"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/fxamacker/cbor/v2"
)

// news is what becomes of a message in the inbox.
func news(kind ChangeKind, at time.Time) Change { return Change{Kind: kind, Message: "news", At: at} }

func TestWhatBecomesOfAMessageInTheInbox(t *testing.T) {
	at := november.Add(time.Hour)
	for name, c := range map[string]struct {
		changes []Change
		counted []bool
		want    []InboxItem
	}{
		"it arrives once": {
			[]Change{news(InboxArrived, november), news(InboxArrived, at)}, []bool{true, false},
			[]InboxItem{{Message: "news", Arrived: november}},
		},
		"it is read, and read again": {
			[]Change{news(InboxArrived, november), news(InboxOpened, at), news(InboxOpened, at)}, []bool{true, true, false},
			[]InboxItem{{Message: "news", Arrived: november, Opened: true}},
		},
		"it is put back among those that are not read": {
			[]Change{news(InboxOpened, november), news(InboxUnopened, at), news(InboxUnopened, at)}, []bool{true, true, false},
			[]InboxItem{{Message: "news", Arrived: november}},
		},
		"what is not there cannot be put back": {[]Change{news(InboxUnopened, november)}, []bool{false}, nil},
		"what is deleted stays so": {
			[]Change{news(InboxDeleted, november), news(InboxOpened, at), news(InboxUnopened, at), news(InboxDeleted, at), news(InboxArrived, at)},
			[]bool{true, false, false, false, false}, []InboxItem{{Message: "news", Arrived: november, Deleted: true}},
		},
		"its arrival is known already when it is read": {
			[]Change{{Kind: InboxOpened, Message: "news", At: at, Arrived: november}}, []bool{true},
			[]InboxItem{{Message: "news", Arrived: november, Opened: true}},
		},
		"each send and each run is one": {
			[]Change{
				{Kind: InboxOpened, Message: "news", At: november, Sent: 7}, {Kind: InboxArrived, Message: "news", At: at, Sent: 8},
				{Kind: InboxDeleted, Message: "news", At: at.Add(time.Hour), Run: november},
			}, []bool{true, true, true},
			[]InboxItem{
				{Message: "news", Of: 7, Arrived: november, Opened: true}, {Message: "news", Of: 8, Arrived: at},
				{Message: "news", Of: uint64(november.UnixMilli()), Arrived: at.Add(time.Hour), Deleted: true},
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := New("u:ada")
			for i, change := range c.changes {
				if counted := r.Apply(change); counted != c.counted[i] {
					t.Errorf("change %d counted: %t", i+1, counted)
				}
			}
			if !reflect.DeepEqual(r.Inbox, c.want) {
				t.Errorf("the inbox is %+v, want %+v", r.Inbox, c.want)
			}
			if back, err := Decode(encoded(t, r)); err != nil || !reflect.DeepEqual(back, r) {
				t.Errorf("it comes back as %+v, error %v", back, err)
			}
		})
	}
}

func TestAMessageThatArrivesIsNoVisit(t *testing.T) {
	r := applied("u:ada", news(InboxArrived, november))
	if !r.FirstSeen.IsZero() || !r.LastSeen.IsZero() {
		t.Errorf("the record says that the visitor was here: %+v", r)
	}
}

func TestMergingInboxesKeepsWhatWasReadAndDeletedInEither(t *testing.T) {
	at := november.Add(time.Hour)
	browser := applied("a:k3x9", news(InboxOpened, november), Change{Kind: InboxDeleted, Message: "offer", At: november}, Change{Kind: InboxArrived, Message: "tips", At: at})
	person := applied("u:ada", news(InboxArrived, at), Change{Kind: InboxOpened, Message: "offer", At: at}, Change{Kind: InboxDeleted, Message: "survey", At: november})
	want := []InboxItem{
		{Message: "news", Arrived: november, Opened: true}, {Message: "offer", Arrived: november, Opened: true, Deleted: true},
		{Message: "survey", Arrived: november, Deleted: true}, {Message: "tips", Arrived: at},
	}
	if got := Merge(person, browser).Inbox; !reflect.DeepEqual(got, want) {
		t.Errorf("the person's inbox is %+v, want %+v", got, want)
	}
	if got := Merge(browser, person).Inbox; !reflect.DeepEqual(got, want) {
		t.Errorf("the other way round it is %+v, want %+v", got, want)
	}
}

func TestAnInboxRemembersSoMuch(t *testing.T) {
	r := New("u:ada")
	r.Apply(Change{Kind: InboxDeleted, Message: "first", At: november})
	for i := range MaxInbox + 20 {
		r.Apply(Change{Kind: InboxArrived, Message: fmt.Sprintf("message-%d", i), At: november.Add(time.Duration(i+1) * time.Minute)})
	}
	if len(r.Inbox) != MaxInbox || r.InInbox("first", 0) == nil || r.InInbox("message-5", 0) != nil {
		t.Errorf("%d messages are remembered, the deleted one: %+v", len(r.Inbox), r.InInbox("first", 0))
	}
	for i := range MaxInbox + 5 {
		r.Apply(Change{Kind: InboxDeleted, Message: fmt.Sprintf("message-%d", i), At: november.AddDate(0, 1, 0).Add(time.Duration(i) * time.Minute)})
	}
	if len(r.Inbox) != MaxInbox || r.InInbox("first", 0) != nil {
		t.Errorf("%d messages are remembered, where all of them are deleted", len(r.Inbox))
	}
}

func TestMessagesSentToTheInboxMakeRoomForNewOnes(t *testing.T) {
	r := New("u:ada")
	for i := range MaxInboxSent + MaxWaiting {
		at := november.Add(time.Duration(i) * time.Minute)
		if !r.Apply(Change{Kind: Queued, Message: "shipped", Sent: uint64(i + 1), At: at, Until: at.AddDate(0, 1, 0), Values: map[string]any{"order": "1001"}, Inbox: true}) {
			t.Fatalf("send %d is not taken", i+1)
		}
	}
	if len(r.Sent) != MaxInboxSent || r.Sent[0].ID != MaxWaiting+1 || r.Sent[0].Data == nil {
		t.Errorf("%d lie in the inbox, the oldest is %+v", len(r.Sent), r.Sent[0])
	}
	if !r.Apply(Change{Kind: Queued, Message: "refund", Sent: 1000, At: november.AddDate(0, 0, 1), Until: november.AddDate(0, 1, 0)}) {
		t.Error("a full inbox leaves no room for a message that is shown on a page")
	}
	sent := uint64(MaxWaiting + 1)
	r.Apply(Change{Kind: Opened, Message: "shipped", Delivery: 5, Sent: sent, View: 9, At: november.AddDate(0, 0, 1)})
	if !r.SentByID(sent).Waits(november.AddDate(0, 0, 2)) {
		t.Error("what was read is no longer in the inbox")
	}
	r.Apply(Change{Kind: InboxDeleted, Message: "shipped", Sent: sent, At: november.AddDate(0, 0, 1)})
	if deleted := r.SentByID(sent); deleted.Waits(november.AddDate(0, 0, 2)) || deleted.Data != nil {
		t.Errorf("what was deleted is %+v", deleted)
	}
	if back, err := Decode(encoded(t, r)); err != nil || !reflect.DeepEqual(back, r) {
		t.Errorf("it comes back as %+v, error %v", back, err)
	}
}

func TestDamagedInboxes(t *testing.T) {
	for name, inbox := range map[string][]storedInbox{
		"of too many messages": make([]storedInbox, MaxInbox+1),
		"in no order":          {{Message: "a", Step: 5}, {Message: "b", Step: -1}},
		"in an unknown state":  {{Message: "a", State: 4}},
	} {
		t.Run(name, func(t *testing.T) {
			body, err := cbor.Marshal(storedRecord{ID: "u:ada", Inbox: inbox})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := Decode(append([]byte{version}, body...)); !errors.Is(err, ErrDamaged) {
				t.Errorf("error %v", err)
			}
		})
	}
}
