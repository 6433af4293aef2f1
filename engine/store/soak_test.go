package store_test

import "os"

// soaked is how often something is done, or for how long: scaled down, or in full with HANDBILL_SOAK=1.
func soaked[N any](scaled, full N) N {
	if os.Getenv("HANDBILL_SOAK") == "1" {
		return full
	}
	return scaled
}
