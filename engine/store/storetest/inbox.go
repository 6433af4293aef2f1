package storetest

import (
	"time"

	"handbill/engine/store"
	"handbill/engine/visitor"
)

// mail is what becomes of a message in a visitor's inbox; sent tells apart how often it came.
func mail(key store.Key, kind visitor.ChangeKind, sent uint64, at time.Time) store.Mutation {
	m := store.Mutation{Key: key, Change: visitor.Change{Kind: kind, Message: "receipt", Sent: sent, At: at}}
	if kind == visitor.InboxArrived {
		m.Metric = store.MetricDelivered
	}
	return m
}

func inbox(f *fixture) {
	send := store.Mutation{Key: ada, Metric: store.MetricStarted, Change: visitor.Change{
		Kind: visitor.Queued, Message: "receipt", Sent: 1, SentKey: "order-1", Inbox: true, At: november, Until: november.AddDate(0, 1, 0),
	}}
	if got := f.apply(send, send); !got[0].Counted || got[1].Counted {
		f.Errorf("sending the same twice: %+v", got)
	}
	f.Note(mail(ada, visitor.InboxArrived, 1, november), mail(ada, visitor.InboxArrived, 1, november.Add(time.Hour)), mail(ada, visitor.InboxArrived, 2, november))
	r := f.load(ada)
	if len(r.Inbox) != 2 || !r.InInbox("receipt", 1).Arrived.Equal(november) || r.InInbox("receipt", 3) != nil {
		f.Fatalf("in the inbox lies %+v", r.Inbox)
	}
	f.apply(mail(ada, visitor.InboxOpened, 1, november.Add(time.Minute)))
	if !f.load(ada).InInbox("receipt", 1).Opened || f.load(ada).InInbox("receipt", 2).Opened {
		f.Errorf("when one is read, in the inbox lies %+v", f.load(ada).Inbox)
	}
	f.apply(mail(ada, visitor.InboxUnopened, 1, november.Add(2*time.Minute)), mail(ada, visitor.InboxDeleted, 2, november.Add(2*time.Minute)))
	if got := f.apply(mail(ada, visitor.InboxOpened, 2, november.Add(3*time.Minute)))[0]; got.Counted {
		f.Error("what was thrown away is read")
	}
	f.Note(mail(ada, visitor.InboxArrived, 2, november.Add(4*time.Minute)))
	if f.Reopen != nil {
		f.Store = f.Reopen(f.T, f.Store)
	}
	r = f.load(ada)
	if len(r.Inbox) != 2 || r.InInbox("receipt", 1).Opened || !r.InInbox("receipt", 2).Deleted || len(r.Sent) != 1 {
		f.Errorf("at last there lies %+v, sent was %+v", r.Inbox, r.Sent)
	}
	if got := f.statistics("shop")["receipt"]; got[store.MetricDelivered] != 2 || got[store.MetricStarted] != 1 {
		f.Errorf("the statistics are %v", got)
	}
}

func mergeInboxes(f *fixture) {
	f.apply(mail(browser, visitor.InboxArrived, 1, november), mail(browser, visitor.InboxOpened, 1, november), mail(ada, visitor.InboxArrived, 1, november.Add(time.Minute)))
	f.apply(mail(browser, visitor.InboxArrived, 2, november), mail(ada, visitor.InboxArrived, 3, november), mail(ada, visitor.InboxDeleted, 3, november))
	change := visitor.Change{Kind: visitor.Identified, At: november.Add(time.Hour)}
	for range 2 {
		r, err := f.Merge(f.Context(), "shop", browser.Visitor, ada.Visitor, change)
		if err != nil {
			f.Fatal(err)
		}
		if len(r.Inbox) != 3 || !r.InInbox("receipt", 1).Opened || !r.InInbox("receipt", 3).Deleted {
			f.Errorf("joined there lies %+v", r.Inbox)
		}
	}
}
