package experiment_test

import (
	"fmt"
	"math"
	"testing"

	"handbill/engine/experiment"
)

const visitors = 100_000

func visitorID(i int) string { return fmt.Sprintf("user-%d@example.com", i) }

// These numbers must never change: a release that changes one takes visitors out of their experiments.
func TestBucketsAreTheSameForever(t *testing.T) {
	for _, test := range []struct {
		purpose, seed, kind, id string
		want                    int
	}{
		{"rollout", "spring", "u:", "ada", 6302},
		{"rollout", "spring", "a:", "ada", 962},
		{"holdout", "spring", "u:", "ada", 3433},
		{"variant", "spring", "u:", "ada", 172},
		{"variant", "autumn", "u:", "ada", 6335},
		{"rollout", "spring", "a:", "q83vASNFZ4mrze8BI0VniQ", 7981},
		{"rollout", "spring", "u:", "Grüße, 世界", 8431},
		{"rollout", "spring", "u:", "the-user-id-of-somebody-that-is-longer-than-one-stripe-of-the-hash", 2485},
	} {
		if got := experiment.NewDraw(test.purpose, test.seed).Bucket(test.kind, test.id); got != test.want {
			t.Errorf("%s of %s: %s%s is in bucket %d, and was in %d", test.purpose, test.seed, test.kind, test.id, got, test.want)
		}
	}
}

func TestAnIDInTwoPartsIsTheSameAsInOne(t *testing.T) {
	draw := experiment.NewDraw("rollout", "spring")
	for i := range 100 {
		if id := visitorID(i); draw.Bucket("u:", id) != draw.Bucket("", "u:"+id) {
			t.Fatal(id)
		}
	}
}

// chiSquare is how far counts are from being equal, in standard deviations of that measure.
func chiSquare(counts []int) float64 {
	total := 0
	for _, n := range counts {
		total += n
	}
	expected, sum := float64(total)/float64(len(counts)), 0.0
	for _, n := range counts {
		sum += (float64(n) - expected) * (float64(n) - expected) / expected
	}
	freedom := float64(len(counts) - 1)
	return (sum - freedom) / math.Sqrt(2*freedom)
}

func TestVisitorsAreSpreadEvenly(t *testing.T) {
	for _, draw := range []struct{ purpose, seed string }{{"rollout", "spring"}, {"holdout", "spring"}, {"variant", "a"}, {"variant", ""}} {
		counts := make([]int, 100)
		for i := range visitors {
			counts[experiment.NewDraw(draw.purpose, draw.seed).Bucket("u:", visitorID(i))*100/experiment.Buckets]++
		}
		if far := chiSquare(counts); far > 4 {
			t.Errorf("%v: the spread is %.1f standard deviations from an even one", draw, far)
		}
	}
}

func TestDrawsAreIndependentOfEachOther(t *testing.T) {
	draws := []experiment.Draw{
		experiment.NewDraw("rollout", "spring"), experiment.NewDraw("rollout", "autumn"), experiment.NewDraw("rollout", "spring2"),
		experiment.NewDraw("holdout", "spring"), experiment.NewDraw("variant", "spring"),
	}
	for i, a := range draws {
		for j, b := range draws[i+1:] {
			counts := make([]int, 100) // the tenth in one, and the tenth in the other
			for n := range visitors {
				id := visitorID(n)
				counts[a.Bucket("u:", id)*10/experiment.Buckets*10+b.Bucket("u:", id)*10/experiment.Buckets]++
			}
			if far := chiSquare(counts); far > 4 {
				t.Errorf("draws %d and %d: %.1f standard deviations from independence", i, i+1+j, far)
			}
		}
	}
}

func TestDrawingAllocatesNothing(t *testing.T) {
	draw, id := experiment.NewDraw("rollout", "spring"), visitorID(1)
	if n := testing.AllocsPerRun(100, func() { draw.Bucket("u:", id) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// The intervals are those of Newcombe's papers of 1998 (Statistics in Medicine 17): table I of the first, and table II of
// the second.
func TestRatesHaveTheIntervalsOfTheLiterature(t *testing.T) {
	for _, test := range []struct {
		some, of  int64
		low, high float64
	}{
		{81, 263, 0.2553, 0.3662}, {15, 148, 0.0624, 0.1605}, {0, 20, 0, 0.1611}, {1, 29, 0.0061, 0.1718}, {20, 20, 0.8389, 1},
	} {
		rate := experiment.Share(test.some, test.of)
		if math.Abs(rate.Low-test.low) > 0.00006 || math.Abs(rate.High-test.high) > 0.00006 {
			t.Errorf("%d of %d: %.4f to %.4f, want %.4f to %.4f", test.some, test.of, rate.Low, rate.High, test.low, test.high)
		}
	}
	for _, test := range []struct {
		some, of, others, ofOthers int64
		low, high                  float64
	}{
		{56, 70, 48, 80, 0.0524, 0.3339}, {9, 10, 3, 10, 0.1705, 0.8090}, {5, 56, 0, 29, -0.0381, 0.1926}, {0, 10, 0, 10, -0.2775, 0.2775}, {10, 10, 0, 10, 0.6075, 1},
	} {
		change := experiment.Difference(experiment.Share(test.some, test.of), experiment.Share(test.others, test.ofOthers), "control")
		if math.Abs(change.Low-test.low) > 0.00006 || math.Abs(change.High-test.high) > 0.00006 {
			t.Errorf("%+v: %.4f to %.4f", test, change.Low, change.High)
		}
		if want := test.low > 0; change.Clear() != want {
			t.Errorf("%+v: clear is %t", test, change.Clear())
		}
	}
}

func TestNobodyHasNoRate(t *testing.T) {
	if rate := experiment.Share(0, 0); rate != nil {
		t.Errorf("of nobody: %+v", rate)
	}
	if change := experiment.Difference(experiment.Share(1, 2), nil, "control"); change != nil || change.Clear() {
		t.Errorf("against nobody: %+v", change)
	}
	if rate := experiment.Share(5, 4); rate.Value != 1 {
		t.Errorf("more than all: %+v", rate)
	}
}
