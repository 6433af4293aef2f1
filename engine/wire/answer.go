package wire

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Limits on what the public endpoint reads: bytes of a body, and the time to receive it.
const (
	pollBody   = 32 << 10
	ingestBody = 512 << 10
	bodyTime   = 10 * time.Second
)

// fail answers with a status and a sentence that says what is wrong and what to do.
func fail(w http.ResponseWriter, status int, format string, args ...any) {
	answer(w, status, map[string]string{"error": fmt.Sprintf(format, args...)})
}

// answer writes a JSON answer.
func answer(w http.ResponseWriter, status int, body any) {
	var buffer bytes.Buffer
	encoder := json.NewEncoder(&buffer)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(body); err != nil {
		http.Error(w, `{"error":"the answer could not be encoded"}`, http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(buffer.Len()))
	w.WriteHeader(status)
	_, _ = w.Write(buffer.Bytes()) // the client may be gone; there is nobody left to tell
}

// read decodes a request's JSON body of at most limit bytes into body; an empty one leaves it as it is. It answers and
// returns false when the body is too large, too slow or malformed.
func read(w http.ResponseWriter, r *http.Request, limit int64, into any) bool {
	buffer := buffers.Get().(*buffer)
	defer buffers.Put(buffer)
	return buffer.fill(w, r, limit) && decode(w, buffer.data, into)
}

// buffer holds a request's body; its memory is used again.
type buffer struct{ data []byte }

var buffers = sync.Pool{New: func() any { return new(buffer) }}

// fill reads a request's body of at most limit bytes. It answers and returns false when the body is too large or too slow.
func (b *buffer) fill(w http.ResponseWriter, r *http.Request, limit int64) bool {
	// Caddy has no time limit for bodies unless the operator sets one. Not every connection can set one; where one cannot,
	// the server's own holds.
	if r.ContentLength != 0 {
		controller := http.NewResponseController(w)
		_ = controller.SetReadDeadline(time.Now().Add(bodyTime))
		defer func() { _ = controller.SetReadDeadline(time.Time{}) }()
	}
	var err error
	if length := r.ContentLength; length >= 0 && length <= min(limit, pollBody) {
		b.data = slices.Grow(b.data[:0], int(length))[:length]
		_, err = io.ReadFull(r.Body, b.data)
	} else {
		b.data, err = io.ReadAll(http.MaxBytesReader(w, r.Body, limit))
	}
	if err == nil {
		return true
	}
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		fail(w, http.StatusRequestEntityTooLarge, "the body is larger than %d bytes; send less at once", limit)
	default:
		fail(w, http.StatusBadRequest, "the body did not arrive whole; send it again")
	}
	return false
}

// decode reads JSON; an empty text leaves into as it is. It answers and returns false when the text is malformed.
func decode(w http.ResponseWriter, data []byte, into any) bool {
	if len(bytes.TrimSpace(data)) == 0 {
		return true
	}
	if err := json.Unmarshal(data, into); err != nil {
		fail(w, http.StatusBadRequest, "the body is not the JSON that is expected here: %s", describe(err))
		return false
	}
	return true
}

// describe says where in a JSON text something is wrong.
func describe(err error) string {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		return fmt.Sprintf("%s at byte %d", syntax.Error(), syntax.Offset)
	case errors.As(err, &kind):
		where := cmp.Or(strings.TrimPrefix(kind.Field, "eventSent."), "the body")
		return fmt.Sprintf("%s: found %s, expected %s", where, kind.Value, jsonType(kind.Type))
	}
	return err.Error()
}

// jsonType is what JSON calls a Go type.
func jsonType(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Struct, reflect.Map:
		return "object"
	case reflect.Slice:
		return "array"
	}
	return t.Kind().String()
}
