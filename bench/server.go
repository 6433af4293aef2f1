package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// startTimeout bounds how long a server may take until it answers.
const startTimeout = 20 * time.Second

// launcher starts servers of one binary, each with a folder of its own for its state.
type launcher struct {
	binary, folder string
}

// server is a running server.
type server struct {
	address   string
	encrypted bool
	process   *exec.Cmd
	log       *bytes.Buffer
	exited    chan struct{}
	failure   error // once exited is closed
}

// url is the address as a client uses it.
func (s *server) url() string {
	if s.encrypted {
		return "https://" + s.address
	}
	return "http://" + s.address
}

// start runs a Caddyfile, whose global options and site directives are given, on a free port of loopback.
func (l launcher) start(ctx context.Context, global, site string) (*server, error) {
	return l.caddy(ctx, false, global, site)
}

// startEncrypted is start with a certificate that Caddy signs itself.
func (l launcher) startEncrypted(ctx context.Context, global, site string) (*server, error) {
	return l.caddy(ctx, true, "skip_install_trust\n\tauto_https disable_redirects\n\t"+global, "\ttls internal\n"+site)
}

func (l launcher) caddy(ctx context.Context, encrypted bool, global, site string) (*server, error) {
	s, home, err := l.prepare()
	if err != nil {
		return nil, err
	}
	s.encrypted = encrypted
	caddyfile := fmt.Sprintf("{\n\tadmin off\n\tpersist_config off\n\t%s\n}\n%s {\n\tbind 127.0.0.1\n%s\n}\n", global, s.url(), site)
	path := filepath.Join(home, "Caddyfile")
	if err := os.WriteFile(path, []byte(caddyfile), 0o600); err != nil {
		return nil, err
	}
	environment := []string{"XDG_DATA_HOME=" + home, "XDG_CONFIG_HOME=" + home}
	return s, s.run(ctx, environment, l.binary, "run", "--config", path, "--adapter", "caddyfile")
}

// prepare finds an address for a server and makes a folder for its state.
func (l launcher) prepare() (s *server, home string, err error) {
	s = &server{log: new(bytes.Buffer), exited: make(chan struct{})}
	if s.address, err = freeAddress(); err != nil {
		return nil, "", err
	}
	home, err = os.MkdirTemp(l.folder, "server-")
	return s, home, err
}

// run starts the server and waits until it answers.
func (s *server) run(ctx context.Context, environment []string, program string, arguments ...string) error {
	s.process = exec.CommandContext(ctx, program, arguments...)
	s.process.Env = append(os.Environ(), environment...)
	s.process.Stdout, s.process.Stderr = s.log, s.log
	s.process.Cancel = func() error { return s.process.Process.Signal(syscall.SIGTERM) }
	s.process.WaitDelay = 10 * time.Second
	// A Ctrl-C is for the harness, which stops its servers itself.
	s.process.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := s.process.Start(); err != nil {
		return err
	}
	go func() {
		s.failure = s.process.Wait()
		close(s.exited)
	}()
	if err := s.waitUntilItListens(ctx); err != nil {
		s.stop()
		return err
	}
	return nil
}

// testClient takes the certificates of the measured servers, which they signed themselves.
var testClient = &http.Client{Timeout: exchangeTimeout, Transport: &http.Transport{TLSClientConfig: ownAuthority, ForceAttemptHTTP2: true}}

var ownAuthority = &tls.Config{InsecureSkipVerify: true}

// connect connects once; a server with TLS has to have its certificate.
func (s *server) connect() error {
	conn, err := net.DialTimeout("tcp", s.address, time.Second)
	if err != nil {
		return err
	}
	defer conn.Close()
	if !s.encrypted {
		return nil
	}
	_ = conn.SetDeadline(time.Now().Add(time.Second))
	return tls.Client(conn, ownAuthority).Handshake()
}

func (s *server) waitUntilItListens(ctx context.Context) error {
	deadline := time.NewTimer(startTimeout)
	defer deadline.Stop()
	for {
		if err := s.connect(); err == nil {
			return nil
		}
		select {
		case <-s.exited:
			return fmt.Errorf("the server ended at once: %w\n%s", s.failure, s.log)
		case <-deadline.C:
			return fmt.Errorf("the server does not answer after %s", startTimeout)
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// stop ends the server and waits until it has.
func (s *server) stop() {
	_ = s.process.Process.Signal(syscall.SIGTERM)
	select {
	case <-s.exited:
	case <-time.After(10 * time.Second):
		_ = s.process.Process.Kill()
		<-s.exited
	}
}

// freeAddress finds a free port of loopback.
func freeAddress() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer listener.Close()
	return listener.Addr().String(), nil
}

// usage is what a process has used since it started.
type usage struct {
	processor time.Duration
	writes    int64 // write system calls
}

// clockTick is the unit of processor times in /proc, USER_HZ, which is 100 a second on every Linux.
const clockTick = 10 * time.Millisecond

func (s *server) usage() (usage, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.process.Process.Pid))
	if err != nil {
		return usage{}, err
	}
	counters, err := os.ReadFile(fmt.Sprintf("/proc/%d/io", s.process.Process.Pid))
	if err != nil {
		return usage{}, err
	}
	ticks, err := processorTicks(string(stat))
	if err != nil {
		return usage{}, err
	}
	writes, err := writeCalls(string(counters))
	if err != nil {
		return usage{}, err
	}
	return usage{processor: time.Duration(ticks) * clockTick, writes: writes}, nil
}

// processorTicks reads utime and stime, the fields 14 and 15 of proc_pid_stat(5). The program's name before them is in
// parentheses and may hold anything.
func processorTicks(stat string) (int64, error) {
	fields := strings.Fields(stat[strings.LastIndexByte(stat, ')')+1:])
	if len(fields) < 13 {
		return 0, fmt.Errorf("not a /proc stat line: %q", stat)
	}
	user, err := strconv.ParseInt(fields[11], 10, 64)
	if err != nil {
		return 0, err
	}
	system, err := strconv.ParseInt(fields[12], 10, 64)
	return user + system, err
}

// writeCalls reads syscw of proc_pid_io(5).
func writeCalls(counters string) (int64, error) {
	for line := range strings.Lines(counters) {
		if value, ok := strings.CutPrefix(line, "syscw:"); ok {
			return strconv.ParseInt(strings.TrimSpace(value), 10, 64)
		}
	}
	return 0, errors.New("/proc tells no write calls of the server")
}
