package source

import (
	"net/http"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"handbill/engine/pipetest"
)

// remembering is a server that remembers when it was asked.
type remembering struct {
	mutex  sync.Mutex
	answer http.HandlerFunc
	asked  []time.Time
}

func (s *remembering) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mutex.Lock()
	s.asked = append(s.asked, time.Now())
	answer := s.answer
	s.mutex.Unlock()
	answer(w, r)
}

// during has the server answer so for some time, and returns how long it was left alone between two questions.
func (s *remembering) during(length time.Duration, answer http.HandlerFunc) (pauses []time.Duration) {
	s.mutex.Lock()
	s.answer, s.asked = answer, nil
	s.mutex.Unlock()
	time.Sleep(length)
	synctest.Wait()
	s.mutex.Lock()
	defer s.mutex.Unlock()
	for i, at := range s.asked[1:] {
		pauses = append(pauses, at.Sub(s.asked[i]))
	}
	return pauses
}

// The clock of this test is the bubble's: it moves only while everybody waits.
func TestAURLIsAskedAtItsIntervalAndSeldomWhileItFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network, asked := pipetest.Listen(), &remembering{answer: text(sale)}
		server := &http.Server{Handler: asked, ReadHeaderTimeout: time.Minute}
		served := make(chan error)
		go func() { served <- server.Serve(network) }()
		defer func() {
			if err := server.Close(); err != nil {
				t.Error(err)
			}
			<-served // which says that it was closed
		}()
		h := HTTP("http://config.example.net/shop.toml", HTTPOptions{}).(*remote)
		h.transport.DialContext, h.transport.Proxy = network.Dial, nil
		defer h.Close()
		f := follow(t, h)
		defer f.Stop()
		if f.shown() != "spring-sale" {
			t.Fatalf("it shows %s", f.shown())
		}
		between := func(what string, pauses []time.Duration, least, most time.Duration) {
			t.Helper()
			if len(pauses) == 0 || slices.Min(pauses) < least || slices.Max(pauses) > most {
				t.Errorf("%s it is asked after %v", what, pauses)
			}
		}
		between("while nothing changes", asked.during(time.Hour, text(sale)), 27*time.Second, 33*time.Second)
		failing := asked.during(time.Hour, status(http.StatusBadGateway))
		for i, want := range []time.Duration{1, 2, 4, 8, 16, 32} {
			between("while it fails", failing[i:i+1], want*time.Second*8/10, want*time.Second*12/10)
		}
		between("while it fails for long", failing[6:], 48*time.Second, 72*time.Second)
		between("where it wishes to be left alone", asked.during(time.Hour, status(http.StatusServiceUnavailable, "Retry-After", "600"))[1:], 10*time.Minute, 12*time.Minute)
		// It takes the question and says nothing, which is over after ten seconds.
		between("where it does not answer", asked.during(time.Hour, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })[1:], 48*time.Second, 82*time.Second)
		between("when it answers again", asked.during(time.Hour, text(tour))[1:], 27*time.Second, 33*time.Second)
		if f.shown() != "billing-tour" || len(f.State().Problems) > 0 {
			t.Errorf("at last it shows %s, and the problems are %v", f.shown(), f.State().Problems)
		}
	})
}
