package store

import "handbill/engine/visitor"

// What values take in memory, whatever they hold.
const (
	pointerSize  = 8
	headerSize   = 16 // of a text, a value in an interface
	mapEntrySize = 48 // share of a map's table
)

// cost estimates how many bytes a record takes in memory. Ristretto adds what its own entry takes.
func cost(key Key, r *visitor.Record) int64 {
	const (
		recordSize  = 384 // the record with its empty maps
		messageSize = 392
		showingSize = 32
		testSize    = 64
		runSize     = 144
		sentSize    = 160
	)
	bytes := int64(len(key.Visitor)) + 6*pointerSize // the workspace's name is shared
	if r == nil {
		return bytes
	}
	bytes += recordSize + int64(len(r.ID))
	bytes += int64(len(r.Showings)) * showingSize
	for id, state := range r.Messages {
		bytes += mapEntrySize + int64(len(id))
		for ; state != nil; state = state.Withheld {
			bytes += messageSize + visitor.RecentDeliveries*9 + int64(len(state.Showings))*showingSize
		}
	}
	for _, id := range r.Joined {
		bytes += headerSize + int64(len(id))
	}
	for _, segment := range r.Segments {
		bytes += headerSize + int64(len(segment))
	}
	bytes += pastCost(r)
	bytes += tableCost(r.Traits)
	for _, test := range r.Tests {
		bytes += testSize + int64(len(test.Message))
		bytes += tableCost(test.Data)
	}
	for id, run := range r.Campaigns {
		bytes += mapEntrySize + runSize + int64(len(id))
		bytes += tableCost(run.Event)
	}
	for _, sent := range r.Sent {
		bytes += sentSize + int64(len(sent.Message)+len(sent.Key))
		bytes += tableCost(sent.Data)
	}
	return bytes
}

// tableCost estimates how many bytes traits, or the data of an event or of a message, take.
func tableCost(values map[string]any) int64 {
	if values == nil {
		return 0
	}
	return valueCost(values)
}

func valueCost(v any) int64 {
	switch v := v.(type) {
	case string:
		return headerSize + int64(len(v))
	case []any:
		sum := int64(3 * pointerSize)
		for _, item := range v {
			sum += headerSize + valueCost(item)
		}
		return sum
	case map[string]any:
		sum := int64(mapEntrySize)
		for name, item := range v {
			sum += mapEntrySize + int64(len(name)) + valueCost(item)
		}
		return sum
	}
	return headerSize
}

// pastCost estimates how many bytes visits, groups and events take.
func pastCost(r *visitor.Record) int64 {
	const (
		visitSize = 256
		viewSize  = 16
		eventSize = 128
		timeSize  = 8
		daySize   = 16
		keySize   = 4
	)
	bytes := int64(len(r.Visits.Views))*viewSize + int64(len(r.Tracked))*keySize
	for _, id := range r.Groups {
		bytes += headerSize + int64(len(id))
	}
	for _, v := range r.Visits.Recent {
		bytes += visitSize + int64(len(v.LandingPage)+len(v.Referrer))
		bytes += int64(len(v.UTM.Source) + len(v.UTM.Medium) + len(v.UTM.Campaign) + len(v.UTM.Term) + len(v.UTM.Content))
	}
	for name, event := range r.Events {
		bytes += mapEntrySize + eventSize + int64(len(name)) + int64(len(event.Times))*timeSize + int64(len(event.Days))*daySize
	}
	return bytes
}
