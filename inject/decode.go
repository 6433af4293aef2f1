package inject

import (
	"errors"
	"fmt"
	"io"
	"iter"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"
)

const (
	// maxWindow bounds a decoder's memory. It is what browsers accept of zstd
	// (RFC 9659); brotli has at most twice as much by its format.
	maxWindow = 8 << 20
	// maxDecoded bounds what a compressed page may grow to.
	maxDecoded = 256 << 20
	// decodeBuffer is the size of the pieces in which decoded text appears.
	decodeBuffer = 16 << 10
)

var (
	errStopped = errors.New("the response has ended")
	errTooLong = errors.New("the compressed page is longer than 256 MiB")
)

// decoder decodes a body of the codings that cannot be spliced, brotli and zstd.
// The body is pushed into it piece by piece. The
// decoders of the libraries pull; the decoder runs them in a coroutine that rests
// whenever they want more than there is.
type decoder struct {
	input []byte
	ended bool  // no more input will come
	err   error // why decoding stopped; nil at the regular end

	next func() (decoded []byte, ok bool)
	stop func()
}

func newDecoder(c coding) *decoder {
	d := &decoder{}
	d.next, d.stop = iter.Pull(func(yield func([]byte) bool) {
		d.err = d.run(c, yield)
	})
	return d
}

// push decodes a piece and hands what becomes readable to emit. It reports false
// when the stream has ended, by its own end or by a fault; then d.err says which.
func (d *decoder) push(piece []byte, emit func([]byte) error) (more bool, err error) {
	d.input = piece
	return d.pull(emit)
}

// end tells that the body has ended and hands out what was still to come.
func (d *decoder) end(emit func([]byte) error) error {
	d.input, d.ended = nil, true
	_, err := d.pull(emit)
	return err
}

func (d *decoder) pull(emit func([]byte) error) (more bool, err error) {
	for {
		decoded, ok := d.step()
		if !ok {
			return false, nil
		}
		if decoded == nil {
			return true, nil // hungry
		}
		if err := emit(decoded); err != nil {
			return true, err
		}
	}
}

// step runs the coroutine until it rests. A panic in a decoder is a fault of the
// body's.
func (d *decoder) step() (decoded []byte, ok bool) {
	defer func() {
		if fault := recover(); fault != nil {
			d.err = fmt.Errorf("the decoder panicked: %v", fault)
			ok = false
		}
	}()
	return d.next()
}

// run is the coroutine: it yields decoded text, or nil when it needs input.
func (d *decoder) run(c coding, yield func([]byte) bool) error {
	source := &pushed{decoder: d, yield: yield}
	reader, err := newReader(c, source)
	if err != nil {
		return err
	}
	defer reader.Close()
	buffer := make([]byte, decodeBuffer)
	for total := 0; total <= maxDecoded; {
		n, err := reader.Read(buffer)
		total += n
		if n > 0 && !yield(buffer[:n]) {
			return errStopped
		}
		if errors.Is(err, io.EOF) || isBehindTheEnd(err) {
			return nil
		}
		if err != nil {
			return err
		}
	}
	return errTooLong
}

// isBehindTheEnd recognises what the brotli library says of bytes behind the end of
// a stream, where a byte of padding may come by itself. Browsers pass over them.
func isBehindTheEnd(err error) bool {
	return err != nil && err.Error() == "brotli: excessive input"
}

// pushed is the decoder's input as the libraries read it.
type pushed struct {
	decoder *decoder
	yield   func([]byte) bool
}

func (p *pushed) Read(to []byte) (int, error) {
	d := p.decoder
	for len(d.input) == 0 {
		if d.ended {
			return 0, io.EOF
		}
		if !p.yield(nil) {
			return 0, errStopped
		}
	}
	n := copy(to, d.input)
	d.input = d.input[n:]
	return n, nil
}

func newReader(c coding, source io.Reader) (io.ReadCloser, error) {
	if c == brotliCoding {
		return io.NopCloser(brotli.NewReader(source)), nil
	}
	reader, err := zstd.NewReader(source, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
		zstd.WithDecoderMaxWindow(maxWindow))
	if err != nil {
		return nil, err
	}
	return reader.IOReadCloser(), nil
}
