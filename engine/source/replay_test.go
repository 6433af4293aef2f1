package source

import (
	"crypto/ed25519"
	"encoding/base64"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// signing is a server whose workspace is signed, in its answer's header.
type signing struct {
	*configuration
	t       *testing.T
	private ed25519.PrivateKey
	public  ed25519.PublicKey
}

func serveSigned(t *testing.T) *signing {
	t.Helper()
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &signing{configuration: serve(t, status(http.StatusServiceUnavailable)), t: t, private: private, public: public}
}

// publish puts a workspace on the server that was signed at a time; zero: without one.
func (s *signing) publish(body string, at time.Time) {
	signature := Sign(s.private, []byte(body), at)
	if at.IsZero() {
		signature = base64.StdEncoding.EncodeToString(ed25519.Sign(s.private, []byte(body)))
	}
	s.set(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set(SignatureHeader, signature)
		text(body)(w, r)
	})
}

// follow is an edge that follows the server.
func (s *signing) follow(k *Keeper) *followed {
	s.t.Helper()
	return followKeeping(s.t, quick(s.t, s.url(), HTTPOptions{PublicKeys: []ed25519.PublicKey{s.public}}), k)
}

// refusesAsOld waits until what the server has is refused because it is old, and says what the problem is.
func (f *followed) refusesAsOld(t *testing.T) string {
	t.Helper()
	problem := ""
	eventually(t, "the old version is refused", func() bool {
		if problems := f.State().Problems; len(problems) == 1 {
			problem = problems[0].Error()
		}
		return strings.Contains(problem, "an old version is served again")
	})
	return problem
}

var (
	monday  = time.Date(2024, 11, 25, 8, 0, 0, 0, time.UTC)
	tuesday = monday.AddDate(0, 0, 1)
	friday  = monday.AddDate(0, 0, 4)
)

func TestAnOldVersionThatWasSignedIsNotTakenAgain(t *testing.T) {
	server := serveSigned(t)
	server.publish(sale, monday)
	f := server.follow(nil)
	f.eventuallyShows(t, "spring-sale")
	server.publish(tour, tuesday)
	f.eventuallyShows(t, "billing-tour")
	if signed := f.State().SignedAt; !signed.Equal(tuesday) {
		t.Errorf("what is in use was signed on %s", signed)
	}

	server.publish(sale, monday)
	problem := f.refusesAsOld(t)
	for _, want := range []string{
		server.url(), "it was signed on 25 November 2024 at 08:00:00 UTC, and what was good last on 26 November 2024 at 08:00:00 UTC",
		"to go back to it on purpose, sign it anew with: handbill messages sign --key FILE PATH",
	} {
		if !strings.Contains(problem, want) {
			t.Errorf("the problem is %s\nwithout %s", problem, want)
		}
	}
	if f.shown() != "billing-tour" {
		t.Errorf("it shows %s", f.shown())
	}
	asked := server.asked.Load()
	eventually(t, "it is asked again", func() bool { return server.asked.Load() > asked+2 })
	if said := strings.Count(f.log.String(), "an old version is served again"); said != 1 && !strings.Contains(f.log.String(), "the workspace cannot be loaded") {
		t.Errorf("the log says it %d times\n%s", said, f.log.String())
	}

	server.publish(sale, friday)
	f.eventuallyShows(t, "spring-sale")
	eventually(t, "all is well", func() bool { return len(f.State().Problems) == 0 })
}

func TestARestartDoesNotForgetWhenWhatItHadWasSigned(t *testing.T) {
	server, k := serveSigned(t), keeper(t)
	server.publish(tour, tuesday)
	f := server.follow(k)
	f.eventuallyShows(t, "billing-tour")
	eventually(t, "it is kept", func() bool { kept, err := k.Last(); return err == nil && kept.SignedAt.Equal(tuesday) })
	f.Stop()

	server.publish(sale, monday)
	f = server.follow(k)
	f.refusesAsOld(t)
	if state := f.State(); f.shown() != "billing-tour" || !state.Kept || !state.SignedAt.Equal(tuesday) {
		t.Errorf("it shows %s in state %+v", f.shown(), state)
	}
	f.Stop()

	// The same as is kept is not sent again, and is as new as it was.
	server.publish(tour, tuesday)
	f = server.follow(k)
	eventually(t, "it is the source's", func() bool {
		state := f.State()
		return !state.Kept && len(state.Problems) == 0 && state.Revision != ""
	})
	server.publish(sale, monday)
	f.refusesAsOld(t)
}

func TestASignatureWithoutATimeIsTakenUntilOneWithATimeWas(t *testing.T) {
	server := serveSigned(t)
	server.publish(sale, time.Time{})
	f := server.follow(nil)
	f.eventuallyShows(t, "spring-sale")
	server.publish(tour, time.Time{})
	f.eventuallyShows(t, "billing-tour")
	server.publish(sale, monday)
	f.eventuallyShows(t, "spring-sale")
	server.publish(tour, time.Time{})
	if problem := f.refusesAsOld(t); !strings.Contains(problem, "it was signed without a time") {
		t.Errorf("the problem is %s", problem)
	}
}

func TestWhatIsSignedAnewIsAsNewAsThat(t *testing.T) {
	server := serveSigned(t)
	server.publish(sale, monday)
	f := server.follow(nil)
	f.eventuallyShows(t, "spring-sale")
	signature := Sign(server.private, []byte(sale), friday)
	server.set(func(w http.ResponseWriter, _ *http.Request) { // without an ETag, so that it is sent again
		w.Header().Set(SignatureHeader, signature)
		_, _ = io.WriteString(w, sale)
	})
	eventually(t, "it is signed on Friday", func() bool { return f.State().SignedAt.Equal(friday) })
	server.publish(tour, tuesday)
	f.refusesAsOld(t)
}

func TestWhatDoesNotCheckMakesNothingOld(t *testing.T) {
	server := serveSigned(t)
	server.publish(sale, monday)
	f := server.follow(nil)
	f.eventuallyShows(t, "spring-sale")
	server.publish("[[messages]\n", friday)
	eventually(t, "it does not check", func() bool { return len(f.State().Problems) == 1 })
	server.publish(tour, tuesday)
	f.eventuallyShows(t, "billing-tour")
}
