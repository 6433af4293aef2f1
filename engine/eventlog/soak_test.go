package eventlog

import "os"

// soaked is how often something is done: scaled down, or in full with HANDBILL_SOAK=1.
func soaked(scaled, full int) int {
	if os.Getenv("HANDBILL_SOAK") == "1" {
		return full
	}
	return scaled
}
