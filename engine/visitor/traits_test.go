package visitor

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"
)

func many(n int) map[string]any {
	traits := map[string]any{}
	for i := range n {
		traits[fmt.Sprintf("trait-%d", i)] = true
	}
	return traits
}

func nested(depth int) any {
	value := any("bottom")
	for range depth - 1 {
		value = map[string]any{"inside": value}
	}
	return value
}

func TestTraitsThatCanBeRemembered(t *testing.T) {
	for name, traits := range map[string]map[string]any{
		"none":              nil,
		"an empty object":   {},
		"as JSON has them":  {"email": "ada@example.com", "seats": 12.0, "admin": true, "coupon": nil, "tags": []any{"early", 2.5}, "address": map[string]any{"city": "Ulm"}},
		"numbers of Go":     {"int": 1, "int64": int64(1), "uint64": uint64(1), "float32": float32(1), "number": json.Number("1.5")},
		"as many as may be": many(MaxTraits),
		"as deep as may be": {"deep": nested(MaxTraitDepth)},
		"as long a name":    {strings.Repeat("n", MaxTraitName): 1.0},
		"as large":          {"text": strings.Repeat("x", MaxTraitsSize-len("text")-8)},
		"an empty text":     {"name": ""},
	} {
		t.Run(name, func(t *testing.T) {
			if err := CheckTraits(traits); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestTraitsThatAreRefused(t *testing.T) {
	for name, c := range map[string]struct {
		traits map[string]any
		says   string
	}{
		"too many":                  {many(MaxTraits + 1), "there are 101 traits; a visitor may have 100"},
		"too deep":                  {map[string]any{"deep": nested(MaxTraitDepth + 1)}, `"deep" lies deeper than 5`},
		"too deep in a list":        {map[string]any{"deep": []any{nested(MaxTraitDepth)}}, `"deep" lies deeper than 5`},
		"too long a name":           {map[string]any{strings.Repeat("n", MaxTraitName+1): 1.0}, "has a name of 129 bytes"},
		"too long a name inside":    {map[string]any{"address": map[string]any{strings.Repeat("n", MaxTraitName+1): 1.0}}, `"address" has a name of 129 bytes`},
		"no name":                   {map[string]any{"": 1.0}, "empty name"},
		"too large":                 {map[string]any{"text": strings.Repeat("x", MaxTraitsSize)}, "shorten"},
		"too large by many values":  {map[string]any{"list": make([]any, MaxTraitsSize/8)}, "shorten"},
		"no value of JSON":          {map[string]any{"when": november}, `"when" is a time.Time`},
		"no value of JSON, in list": {map[string]any{"list": []any{struct{}{}}}, `"list" is a struct {}`},
		"not a number":              {map[string]any{"ratio": math.NaN()}, `"ratio" is not a finite number`},
		"not a finite number":       {map[string]any{"ratio": math.Inf(1)}, "finite"},
		"a number that is none":     {map[string]any{"n": json.Number("twelve")}, `"n" is a json.Number`},
	} {
		t.Run(name, func(t *testing.T) {
			err := CheckTraits(c.traits)
			if !errors.Is(err, ErrTraits) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("error %v, want one that says %q", err, c.says)
			}
		})
	}
}

func TestCheckLooksAtWhatTheRecordWouldBecome(t *testing.T) {
	r := New("u:ada")
	r.Apply(identified(november, many(MaxTraits)))
	if err := r.Check(identified(november, map[string]any{"one-more": true})); !errors.Is(err, ErrTraits) || !strings.Contains(err.Error(), "together") {
		t.Errorf("one more: %v", err)
	}
	if err := r.Check(identified(november, map[string]any{"one-more": true, "trait-0": nil})); err != nil {
		t.Errorf("one in place of another: %v", err)
	}
	if err := r.Check(identified(november, map[string]any{"bad": func() {}})); !errors.Is(err, ErrTraits) {
		t.Errorf("no value of JSON: %v", err)
	}
	if err := r.Check(report(Opened, 1, november)); err != nil {
		t.Errorf("a report: %v", err)
	}
}

func TestNumbersAreKeptAsJSONReadsThem(t *testing.T) {
	r := New("u:ada")
	r.Apply(identified(november, map[string]any{
		"seats": 12, "list": []any{int64(3), map[string]any{"n": uint64(4)}}, "number": json.Number("1.5"), "callback": func() {},
	}))
	want := map[string]any{"seats": 12.0, "list": []any{3.0, map[string]any{"n": 4.0}}, "number": 1.5}
	if !reflect.DeepEqual(r.Traits, want) {
		t.Errorf("traits %v, want %v", r.Traits, want)
	}
}

func TestPropertiesOfEvents(t *testing.T) {
	for name, c := range map[string]struct {
		properties map[string]any
		says       string // empty: they can be kept
	}{
		"none":              {nil, ""},
		"an order":          {map[string]any{"total": 59.9, "items": []any{map[string]any{"sku": "B-7", "count": 2.0}}}, ""},
		"as many as may be": {many(MaxProperties), ""},
		"too many":          {many(MaxProperties + 1), "there are 201 properties; an event may have 200"},
		"as deep as may be": {map[string]any{"deep": nested(MaxPropertyDepth)}, ""},
		"too deep":          {map[string]any{"deep": nested(MaxPropertyDepth + 1)}, `"deep" lies deeper than 8`},
		"too large":         {map[string]any{"text": strings.Repeat("x", MaxPropertiesSize)}, "the properties take 32780 bytes; an event may have 32768"},
		"no name":           {map[string]any{"": 1.0}, "one of its properties has an empty name"},
		"too long a name":   {map[string]any{strings.Repeat("n", MaxTraitName+1): 1.0}, "has a name of 129 bytes"},
		"no value of JSON":  {map[string]any{"when": november}, `"when" is a time.Time`},
	} {
		t.Run(name, func(t *testing.T) {
			err := CheckProperties(c.properties)
			if c.says == "" && err != nil || c.says != "" && (!errors.Is(err, ErrEvent) || !strings.Contains(err.Error(), c.says)) {
				t.Errorf("error %v, want one that says %q", err, c.says)
			}
		})
	}
}
