// Package experiment draws visitors by lot, and says what came of it.
//
// A [Draw] puts a visitor into one of [Buckets] buckets by a hash of the draw's name and the visitor's id. The same visitor
// is in the same bucket of the same draw on every edge, in every version of this program, and in that of another draw as
// if by chance. So a roll-out that grows takes nobody out, and two experiments do not disturb each other.
//
// [Share] and [Difference] are rates with the interval in which they lie with 95 % confidence.
package experiment

import (
	"math"
	"math/bits"

	"github.com/cespare/xxhash/v2"
)

// Buckets is into how many buckets visitors are put: a hundred for each percent.
const Buckets = 10_000

// Draw is one lottery. The zero value is one, too, but has no name.
type Draw struct{ seed uint64 }

// NewDraw is the lottery of a purpose, such as "rollout", under a seed. What follows from them never changes: another hash
// would put everybody who takes part in an experiment elsewhere.
func NewDraw(purpose, seed string) Draw {
	return Draw{xxhash.Sum64String(purpose + "\x00" + seed)}
}

// Number is the visitor's lot, one of 2^64: XXH64 of the visitor's id with the draw's seed. The id may come in two parts.
func (d Draw) Number(kind, id string) uint64 {
	var digest xxhash.Digest
	digest.ResetWithSeed(d.seed)
	_, _ = digest.WriteString(kind)
	_, _ = digest.WriteString(id)
	return digest.Sum64()
}

// Bucket is the visitor's bucket, from 0 to [Buckets] less one.
func (d Draw) Bucket(kind, id string) int {
	bucket, _ := bits.Mul64(d.Number(kind, id), Buckets)
	return int(bucket)
}

// normal is how many standard deviations around the middle hold 95 % of a normal distribution.
const normal = 1.959963984540054

// Rate is how many of a number did something, with its interval of 95 % confidence by Wilson's method, which holds for
// small numbers and for rates near 0 and 1 as well.
type Rate struct {
	// Of is the number of visitors, of whom Value is the part from 0 to 1 that did it.
	Of    int64   `json:"of"`
	Value float64 `json:"value"`
	// Low and High bound what it is with 95 % confidence.
	Low  float64 `json:"low"`
	High float64 `json:"high"`
}

// Share is the rate of some of a number; nil where there is none to do anything.
func Share(some, of int64) *Rate {
	if of <= 0 {
		return nil
	}
	some = min(max(some, 0), of)
	n, p := float64(of), float64(some)/float64(of)
	square := normal * normal
	middle := (p + square/(2*n)) / (1 + square/n)
	spread := normal / (1 + square/n) * math.Sqrt(p*(1-p)/n+square/(4*n*n))
	rate := &Rate{Of: of, Value: p, Low: max(middle-spread, 0), High: min(middle+spread, 1)}
	// At the ends the interval ends there, too, and not by a rounding error beside it.
	if some == 0 {
		rate.Low = 0
	}
	if some == of {
		rate.High = 1
	}
	return rate
}

// Change is by how much a rate is above another, with its interval of 95 % confidence by Newcombe's method, from the two
// rates' own intervals. Where the interval does not hold zero, the two are different with that confidence.
type Change struct {
	// Against names what it was compared with.
	Against string  `json:"against"`
	Value   float64 `json:"value"`
	Low     float64 `json:"low"`
	High    float64 `json:"high"`
}

// Difference is by how much a rate is above another; nil where one of the two is.
func Difference(rate, other *Rate, against string) *Change {
	if rate == nil || other == nil {
		return nil
	}
	value := rate.Value - other.Value
	return &Change{
		Against: against, Value: value,
		Low:  value - math.Hypot(rate.Value-rate.Low, other.High-other.Value),
		High: value + math.Hypot(rate.High-rate.Value, other.Value-other.Low),
	}
}

// Clear says whether the difference is one with 95 % confidence.
func (c *Change) Clear() bool { return c != nil && (c.Low > 0 || c.High < 0) }
