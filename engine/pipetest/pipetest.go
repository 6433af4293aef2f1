// Package pipetest is a network in memory: for servers and clients in a bubble of testing/synctest, where time passes only while
// everybody waits, which who waits for a real network does not.
package pipetest

import (
	"context"
	"net"
	"sync"
	"syscall"
)

// Network is a place where a server listens, and the way there. It implements [net.Listener].
type Network struct {
	arriving chan net.Conn
	closed   chan struct{}
	close    func()
}

// Listen makes a network.
func Listen() *Network {
	n := &Network{arriving: make(chan net.Conn), closed: make(chan struct{})}
	n.close = sync.OnceFunc(func() { close(n.closed) })
	return n
}

// Accept waits for a connection.
func (n *Network) Accept() (net.Conn, error) {
	select {
	case <-n.closed:
		return nil, net.ErrClosed
	case connection := <-n.arriving:
		return connection, nil
	}
}

// Close ends the listening. Connections stay.
func (n *Network) Close() error {
	n.close()
	return nil
}

// Addr is an address that leads nowhere else.
func (n *Network) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1} }

// Dial connects to whoever listens, whatever the address.
func (n *Network) Dial(ctx context.Context, network, _ string) (net.Conn, error) {
	near, far := net.Pipe()
	select {
	case n.arriving <- far:
		return near, nil
	case <-n.closed:
		return nil, &net.OpError{Op: "dial", Net: network, Addr: n.Addr(), Err: syscall.ECONNREFUSED}
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
