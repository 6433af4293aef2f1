package wire

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"time"

	"handbill/engine"
	"handbill/engine/visitor"
)

// The times of streams. Those with jitter are made up to a tenth longer or shorter, so that streams that were opened
// together do not act together.
const (
	heartbeatTold = 30 * time.Second // what the client expects at most; it gives up 5 s later
	heartbeatTime = 25 * time.Second // with jitter
	streamTime    = 15 * time.Minute // with jitter: how long a stream stays open
	sendTime      = 10 * time.Second // in which a browser must take what is sent to it
	busyTime      = 60 * time.Second // after which it may try again where there are too many streams; up to twice as long
)

// Headers of polls about streams.
const (
	// streamHeader gives our client the ticket with which it may open a stream.
	streamHeader = "Handbill-Stream"
	// sseHeader tells the reference client that it may open one.
	sseHeader = "X-Cio-Use-Sse"
)

// offerStream tells a client that it may open a stream, unless it listens to its visitor's already. It says whether it does.
// A stream that is opened tells what has happened since the offer: so it must be made before the poll is answered.
func (h *Handler) offerStream(w http.ResponseWriter, identity visitor.Identity, sent *pollBodySent) (streaming bool) {
	switch {
	case sent.Stream != "" && h.engine.Hears(identity, sent.Stream):
		return true
	case !h.engine.MayStream(h.streamSite):
	case sent.Page != nil:
		w.Header().Set(streamHeader, h.engine.Ticket(identity))
	case identity.User != "":
		w.Header().Set(sseHeader, "true")
	}
	return false
}

// serveStream keeps a browser's stream open: GET /api/v3/sse.
func (h *Handler) serveStream(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	s := &stream{Handler: h, r: r, out: w, controller: http.NewResponseController(w), beat: jitter(heartbeatTime)}
	who, ok := h.engine.OpenTicket(query.Get("ticket"))
	if !ok {
		// The reference client sends base64 as it is, and a plus in an address is a space.
		if user := latin1(strings.ReplaceAll(query.Get("userToken"), " ", "+")); user != "" {
			r = h.within(w, r, "", "")
			s.r = r
			s.identity, _ = h.who(w, r, user)
		}
		if s.identity.User == "" {
			fail(w, http.StatusForbidden, "a stream needs the ticket of a poll that is not older than five minutes, or a userToken; poll again")
			return
		}
		s.whole, who = true, h.engine.Listener(s.identity)
	}
	listening, err := h.engine.Listen(who, h.streamSite, addressClass(h.clientIP(r)))
	if err != nil {
		h.refuseStream(w, err)
		return
	}
	defer listening.Close()
	if err := s.begin(); err == nil {
		s.run(listening)
	}
}

// refuseStream says why there is no stream. The client goes on polling.
func (h *Handler) refuseStream(w http.ResponseWriter, err error) {
	if errors.Is(err, engine.ErrNoStreams) {
		fail(w, http.StatusNotFound, "%s here; the operator allows them with: stream on", err)
		return
	}
	wait := busyTime + time.Duration(rand.Int64N(int64(busyTime)))
	w.Header().Set("Retry-After", strconv.Itoa(int(wait.Seconds())))
	fail(w, http.StatusServiceUnavailable, "%s; poll instead", err)
}

// stream is what is being sent to one browser.
type stream struct {
	*Handler
	r          *http.Request
	out        http.ResponseWriter
	controller *http.ResponseController
	beat       time.Duration
	// whole is true for the reference client: it is sent the whole list. Ours is told to poll, so that the rules of its page
	// and the leases of its tabs are looked at in one place.
	whole    bool
	identity visitor.Identity
}

// begin sends the header and the first event.
func (s *stream) begin() error {
	header := s.out.Header()
	header.Set("Content-Type", "text/event-stream; charset=utf-8")
	header.Set("Cache-Control", "no-store, no-transform") // no-transform: nobody may compress it, which would hold events back
	header.Set("X-Accel-Buffering", "no")                 // the same for nginx in front of us
	// The time to receive a request is not meant for one that has arrived, and Caddy's own writer would hold on to it.
	_ = http.NewResponseController(innermost(s.out)).SetReadDeadline(time.Time{})
	return s.send("connected", fmt.Sprintf(`{"heartbeat":%d}`, int(heartbeatTold.Seconds())))
}

// run tells the browser what is new until it goes away, the stream's time is over, or streams are not allowed any more.
func (s *stream) run(listening *engine.Stream) {
	end := time.Now().Add(jitter(streamTime))
	timer := time.NewTimer(s.beat)
	defer timer.Stop()
	for {
		var err error
		select {
		case <-s.r.Context().Done():
			return
		case <-listening.Ended():
			return
		case <-listening.Woken():
			err = s.tell()
		case now := <-timer.C:
			if now.After(end) {
				return
			}
			timer.Reset(s.beat)
			err = s.send("heartbeat", "{}")
		}
		if err != nil {
			if s.r.Context().Err() == nil {
				listening.Dropped()
			}
			return
		}
	}
}

// tell says that something is new.
func (s *stream) tell() error {
	if !s.whole {
		return s.send("poll", "{}")
	}
	visit := visitOf(s.r)
	answered, err := s.engine.Poll(s.r.Context(), engine.PollRequest{
		Identity: s.identity, Tab: visit, View: cmp.Or(visit, noSession), Visit: visit, Voucher: s.voucher(s.r),
		Languages: languagesOf(s.r.Header), Browser: s.browser(s.r, ""), Streaming: true, Inbox: true, Embeds: s.embeds(),
	})
	if err != nil {
		s.logger.Error("a stream could not be told what is due", "workspace", s.engine.Workspace(), "error", err)
		return s.send("error", "{}") // the client polls then
	}
	list, err := s.queue(answered, false)
	if err != nil {
		s.logger.Error("a stream's list could not be written", "workspace", s.engine.Workspace(), "error", err)
		return s.send("error", "{}")
	}
	if err := s.sendJSON("messages", list.InAppMessages); err != nil {
		return err
	}
	return s.sendJSON("inbox_messages", list.InboxMessages)
}

func (s *stream) sendJSON(event string, value any) error {
	data, err := json.Marshal(value)
	if err != nil {
		return err
	}
	return s.send(event, string(data))
}

// send sends one event, whose data has no line breaks.
func (s *stream) send(event, data string) error {
	_ = s.controller.SetWriteDeadline(time.Now().Add(sendTime))
	var text bytes.Buffer
	fmt.Fprintf(&text, "event: %s\ndata: %s\n\n", event, data)
	if _, err := io.Copy(s.out, &text); err != nil {
		return err
	}
	if err := s.controller.Flush(); err != nil {
		return err
	}
	_ = s.controller.SetWriteDeadline(time.Time{})
	return nil
}

// innermost is the server's own writer, below those of handlers.
func innermost(w http.ResponseWriter) http.ResponseWriter {
	for {
		outer, ok := w.(interface{ Unwrap() http.ResponseWriter })
		if !ok {
			return w
		}
		w = outer.Unwrap()
	}
}

// jitter is a time made up to a tenth longer or shorter.
func jitter(d time.Duration) time.Duration {
	return d*9/10 + time.Duration(rand.Int64N(int64(d/5)))
}
