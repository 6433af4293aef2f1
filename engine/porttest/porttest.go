// Package porttest finds ports for servers that tests start, so that several test binaries may look for some at once.
package porttest

import (
	"fmt"
	"math/rand/v2"
	"net"
	"testing"
)

const (
	// first and last bound the ports. They are below those that the kernel gives to outgoing connections, and so is the port
	// that a Cluster of Redis takes for itself beside each.
	first, last = 11_000, 20_999
	// above is how far that one is above.
	above = 10_000
)

// Free returns a port of loopback that nobody listens on, with one above it that is free, too. Until the test ends, it is given
// to no other test of this machine: for so long the UDP port above it is held, which nothing here uses.
func Free(t testing.TB) int {
	t.Helper()
	for range 1000 {
		port := first + rand.IntN(last-first)
		claim, err := net.ListenPacket("udp", address(port+above))
		if err != nil {
			continue
		}
		if listens(port) || listens(port+above) {
			_ = claim.Close()
			continue
		}
		t.Cleanup(func() { _ = claim.Close() })
		return port
	}
	t.Fatal("no port is free")
	return 0
}

// Address is a free port as an address.
func Address(t testing.TB) string {
	t.Helper()
	return address(Free(t))
}

func address(port int) string { return fmt.Sprintf("127.0.0.1:%d", port) }

// listens says whether somebody listens on a port.
func listens(port int) bool {
	listener, err := net.Listen("tcp", address(port))
	if err != nil {
		return true
	}
	_ = listener.Close()
	return false
}
