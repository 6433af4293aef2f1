package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"time"
)

// exchangeTimeout bounds one request and its answer.
const exchangeTimeout = 10 * time.Second

// visitor makes the same request again and again.
type visitor interface {
	// exchange makes the request, reads the whole answer and returns its status.
	exchange() (status int, err error)
	Close() error
}

// dialer connects a visitor.
type dialer func(ctx context.Context) (visitor, error)

// connection is a keep-alive HTTP/1.1 connection that sends one prepared request again and again. It reads no more of an
// answer than it must to find its end: the generator shares the processors with the servers that it measures.
type connection struct {
	net.Conn
	reader  *bufio.Reader
	request []byte
	// numbers are the places in the request where each exchange writes another number.
	numbers []int
	count   int
}

// dial connects from a loopback address of its own (empty: any), so that a server that limits addresses sees several.
func dial(ctx context.Context, address, from string, request []byte) (*connection, error) {
	dialer := net.Dialer{Timeout: exchangeTimeout}
	if from != "" {
		dialer.LocalAddr = &net.TCPAddr{IP: net.ParseIP(from)}
	}
	conn, err := dialer.DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	c := &connection{Conn: conn, reader: bufio.NewReaderSize(conn, 64<<10), request: request}
	for at := 0; ; {
		next := bytes.Index(request[at:], []byte(numbered))
		if next < 0 {
			return c, nil
		}
		if len(c.numbers) == 0 {
			c.request = bytes.Clone(request) // others have it, too
		}
		at += next + len(numbered)
		c.numbers = append(c.numbers, at)
	}
}

// numbered is what eight digits follow in a request that each exchange replaces by its number.
const numbered = "number-"

// next numbers the request; what was sent over other connections before has other numbers.
func (c *connection) next() {
	if c.count == 0 {
		c.count = int(time.Now().UnixMilli() % 1e5 * 1e3)
	}
	c.count++
	for _, at := range c.numbers {
		copy(c.request[at:at+8], fmt.Sprintf("%08d", c.count))
	}
}

// overHTTP1 connects a visitor for each request; with addresses, each from a loopback address of its own.
func overHTTP1(s *server, requests [][]byte, addresses bool) []dialer {
	dialers := make([]dialer, len(requests))
	for i, request := range requests {
		from := ""
		if addresses {
			from = fmt.Sprintf("127.0.%d.%d", 1+i/250, 1+i%250)
		}
		dialers[i] = func(ctx context.Context) (visitor, error) { return dial(ctx, s.address, from, request) }
	}
	return dialers
}

func (c *connection) exchange() (status int, err error) {
	if err := c.SetDeadline(time.Now().Add(exchangeTimeout)); err != nil {
		return 0, err
	}
	if len(c.numbers) > 0 {
		c.next()
	}
	if _, err := c.Write(c.request); err != nil {
		return 0, err
	}
	status, length, err := c.readHeader()
	switch {
	case err != nil:
		return 0, err
	case length >= 0:
		_, err = c.reader.Discard(length)
	default:
		err = c.discardChunks()
	}
	return status, err
}

// readHeader returns the status and the body's length; -1 is a chunked body.
func (c *connection) readHeader() (status, length int, err error) {
	line, err := c.readLine()
	if err != nil {
		return 0, 0, err
	}
	if len(line) < len("HTTP/1.1 200") {
		return 0, 0, fmt.Errorf("not a status line: %q", line)
	}
	if status, err = strconv.Atoi(string(line[9:12])); err != nil {
		return 0, 0, fmt.Errorf("not a status line: %q", line)
	}
	framed := status == 204 || status == 304
	for {
		if line, err = c.readLine(); err != nil {
			return 0, 0, err
		}
		if len(line) == 0 {
			break
		}
		name, value, _ := bytes.Cut(line, []byte(":"))
		switch {
		case bytes.EqualFold(name, []byte("Content-Length")):
			if length, err = strconv.Atoi(string(bytes.TrimSpace(value))); err != nil {
				return 0, 0, fmt.Errorf("not a length: %q", line)
			}
			framed = true
		case bytes.EqualFold(name, []byte("Transfer-Encoding")):
			length, framed = -1, true
		}
	}
	if !framed {
		return 0, 0, errors.New("the answer has no length, and the connection would have to be closed after it")
	}
	return status, length, nil
}

func (c *connection) discardChunks() error {
	for {
		line, err := c.readLine()
		if err != nil {
			return err
		}
		size, err := strconv.ParseUint(string(line), 16, 31)
		if err != nil {
			return fmt.Errorf("not a chunk's size: %q", line)
		}
		if size == 0 {
			for { // trailers, up to an empty line
				if line, err = c.readLine(); err != nil || len(line) == 0 {
					return err
				}
			}
		}
		if _, err := c.reader.Discard(int(size) + len("\r\n")); err != nil {
			return err
		}
	}
}

func (c *connection) readLine() ([]byte, error) {
	line, err := c.reader.ReadSlice('\n')
	if errors.Is(err, io.EOF) {
		return nil, io.ErrUnexpectedEOF
	}
	if err != nil {
		return nil, err
	}
	return bytes.TrimRight(line, "\r\n"), nil
}
