package visitor

import (
	"errors"
	"fmt"
	"reflect"
	"testing"
	"time"
)

// filled gives a value that is not zero to every field of a struct, and to those inside it.
func filled(value reflect.Value, n *int) {
	*n++
	switch value.Kind() {
	case reflect.Struct:
		if value.Type() == reflect.TypeFor[time.Time]() {
			value.Set(reflect.ValueOf(november.Add(time.Duration(*n) * time.Minute)))
			return
		}
		for i := range value.NumField() {
			filled(value.Field(i), n)
		}
	case reflect.Pointer:
		value.Set(reflect.New(value.Type().Elem()))
		filled(value.Elem(), n)
	case reflect.Slice:
		value.Set(reflect.MakeSlice(value.Type(), 1, 1))
		filled(value.Index(0), n)
	case reflect.Map:
		value.Set(reflect.ValueOf(map[string]any{"plan": "team", "seats": 12.0, "tags": []any{"early", nil, true}, "at": map[string]any{"city": "Graz"}}))
	case reflect.String:
		value.SetString(fmt.Sprint("text-", *n))
	case reflect.Bool:
		value.SetBool(true)
	case reflect.Int, reflect.Int64:
		value.SetInt(int64(*n))
	default:
		value.SetUint(uint64(*n))
	}
}

func TestEveryFieldOfAChangeIsReadAsItWasWritten(t *testing.T) {
	var whole Change
	n := 0
	filled(reflect.ValueOf(&whole).Elem(), &n)
	for _, change := range []Change{whole, {}, {Kind: Dismissed, Message: sale, Delivery: 7, At: november}, {Kind: Visited, Page: &PageView{View: 1}}} {
		data, err := EncodeChange(change)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := DecodeChange(data); err != nil || !reflect.DeepEqual(got, change) {
			t.Errorf("it was\n%+v\nand is\n%+v, error %v", change, got, err)
		}
	}
}

func TestBytesThatAreNoChangeAreRefused(t *testing.T) {
	whole, err := EncodeChange(Change{Kind: Identified, Traits: map[string]any{"plan": "team"}})
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		data []byte
		want error
	}{
		"nothing":                     {nil, ErrDamaged},
		"half of one":                 {whole[:len(whole)-3], ErrDamaged},
		"one that a newer wrote":      {append([]byte{changeVersion + 1}, whole[1:]...), ErrVersion},
		"something else behind a one": {[]byte{changeVersion, 0xff}, ErrDamaged},
	} {
		if _, err := DecodeChange(c.data); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
