package redistest

import (
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
)

// Proxy is a way to a server that can be cut, as a network is that falls apart: what is sent is lost, and nobody is told.
type Proxy struct {
	t       testing.TB
	to      string
	Address string
	cut     atomic.Bool

	listener net.Listener
	mu       sync.Mutex
	open     map[net.Conn]bool
	running  sync.WaitGroup
}

// StartProxy makes a way to a server that ends with its test.
func StartProxy(t testing.TB, to *Server) *Proxy {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &Proxy{t: t, to: to.Address, Address: listener.Addr().String(), listener: listener, open: map[net.Conn]bool{}}
	p.running.Go(p.accept)
	t.Cleanup(func() {
		_ = listener.Close()
		p.closeAll()
		p.running.Wait()
	})
	return p
}

// URL is how a store names the server by this way.
func (p *Proxy) URL() string { return "redis://" + p.Address }

// Cut loses everything that is sent from now on. Connections stay, and new ones can be made; nothing is answered.
func (p *Proxy) Cut() { p.cut.Store(true) }

// Heal ends a cut, and the connections that have lost something.
func (p *Proxy) Heal() {
	p.cut.Store(false)
	p.closeAll()
}

func (p *Proxy) closeAll() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for connection := range p.open {
		_ = connection.Close()
	}
}

func (p *Proxy) accept() {
	for {
		near, err := p.listener.Accept()
		if err != nil {
			return
		}
		far, err := net.Dial("tcp", p.to)
		if err != nil {
			_ = near.Close()
			continue
		}
		p.running.Go(func() { p.carry(near, far) })
		p.running.Go(func() { p.carry(far, near) })
	}
}

// carry carries what one side says to the other, as long as nothing is cut.
func (p *Proxy) carry(from, to net.Conn) {
	p.mu.Lock()
	p.open[from] = true
	p.mu.Unlock()
	defer func() {
		p.mu.Lock()
		delete(p.open, from)
		p.mu.Unlock()
		_ = from.Close()
		_ = to.Close()
	}()
	_, _ = io.Copy(losing{p, to}, from) // either side may go away at any time
}

// losing is a connection on which everything is lost while the way is cut.
type losing struct {
	p  *Proxy
	to net.Conn
}

func (l losing) Write(data []byte) (int, error) {
	if l.p.cut.Load() {
		return len(data), nil
	}
	return l.to.Write(data)
}
