// Package redistest runs real Redis servers for tests, each on a free loopback port and in a folder of its own.
package redistest

import (
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"handbill/engine/porttest"
)

// Server is a Redis server that ends with its test.
type Server struct {
	t testing.TB
	// Address is where it listens.
	Address string
	folder  string
	program string
	options []string
	process *exec.Cmd
}

// Start runs a server that writes everything to disk before it acknowledges it. Options are more of its command line.
func Start(t testing.TB, options ...string) *Server {
	t.Helper()
	s := &Server{t: t, Address: porttest.Address(t), folder: t.TempDir(), program: program(t, "redis-server"), options: options}
	t.Cleanup(s.Kill)
	s.Restart()
	return s
}

// At is a server that runs already.
func At(t testing.TB, address string) *Server { return &Server{t: t, Address: address} }

// program finds a program of Redis.
func program(t testing.TB, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Fatalf("%s is missing: run scripts/install-test-tools.sh", name)
	}
	return path
}

// URL is how a store names the server.
func (s *Server) URL() string { return "redis://" + s.Address }

// Restart starts the server, which was ended before, with what it has on disk.
func (s *Server) Restart() {
	s.t.Helper()
	_, port, _ := net.SplitHostPort(s.Address)
	arguments := append([]string{"--port", port, "--bind", "127.0.0.1", "--dir", s.folder, "--save", "", "--appendonly", "yes", "--appendfsync", "always"}, s.options...)
	s.process = exec.Command(s.program, arguments...)
	log, err := os.OpenFile(filepath.Join(s.folder, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		s.t.Fatal(err)
	}
	defer log.Close()
	s.process.Stdout, s.process.Stderr = log, log
	if err := s.process.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.await(func() bool {
		return strings.Contains(s.said("PING"), "PONG") || strings.Contains(s.said("PING"), "NOAUTH")
	})
}

// await waits until something holds.
func (s *Server) await(holds func() bool) {
	s.t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); !holds(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			log, _ := os.ReadFile(filepath.Join(s.folder, "log"))
			s.t.Fatalf("Redis at %s is not ready\n%s", s.Address, log)
		}
	}
}

// said is what the server answers to a command line: a text whole, and a list as far as one packet holds it; empty when it cannot
// be reached.
func (s *Server) said(line string) string { return s.answer(line, time.Second) }

// answer is what the server says to a command line within some time.
func (s *Server) answer(line string, within time.Duration) string {
	connection, err := net.DialTimeout("tcp", s.Address, within)
	if err != nil {
		return ""
	}
	defer connection.Close()
	_ = connection.SetDeadline(time.Now().Add(within))
	if _, err := fmt.Fprintf(connection, "%s\r\n", line); err != nil {
		return ""
	}
	answer := make([]byte, 64<<10)
	n, _ := connection.Read(answer)
	if header, _, whole := strings.Cut(string(answer[:n]), "\r\n"); whole && header[0] == '$' {
		length, _ := strconv.Atoi(header[1:])
		if rest := len(header) + len("\r\n") + length + len("\r\n") - n; length > 0 && rest > 0 && rest <= len(answer)-n {
			more, _ := io.ReadFull(connection, answer[n:n+rest])
			n += more
		}
	}
	return string(answer[:n])
}

// Kill ends the server as a power cut does.
func (s *Server) Kill() {
	if s.process != nil {
		_ = s.process.Process.Kill()
		_ = s.process.Wait() // a killed process has no good status
		s.process = nil
	}
}

// Pause stops the server where it is; connections stay open and nothing is answered.
func (s *Server) Pause() { s.signal(syscall.SIGSTOP) }

// Continue lets a paused server go on.
func (s *Server) Continue() { s.signal(syscall.SIGCONT) }

func (s *Server) signal(signal syscall.Signal) {
	s.t.Helper()
	if err := s.process.Process.Signal(signal); err != nil {
		s.t.Fatal(err)
	}
}

// Flush forgets everything that the server keeps.
func (s *Server) Flush() {
	s.t.Helper()
	if answer := s.Say("FLUSHALL"); !strings.HasPrefix(answer, "+OK") {
		s.t.Fatalf("FLUSHALL: %q", answer)
	}
}

// Commands is how often a command was carried out.
func (s *Server) Commands(name string) int {
	s.t.Helper()
	for line := range strings.Lines(s.Say("INFO commandstats")) {
		var calls int
		if n, _ := fmt.Sscanf(line, "cmdstat_"+name+":calls=%d,", &calls); n == 1 {
			return calls
		}
	}
	return 0
}

// Say gives the server a command line, and returns its answer.
func (s *Server) Say(line string) string {
	s.t.Helper()
	answer := s.answer(line, time.Minute) // on a busy disk it takes its time
	if answer == "" {
		s.t.Fatalf("Redis at %s does not answer %q", s.Address, line)
	}
	return answer
}
