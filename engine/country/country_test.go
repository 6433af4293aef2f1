package country

import (
	"bytes"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/maxmind/mmdbwriter"
	"github.com/maxmind/mmdbwriter/mmdbtype"
)

// write makes a database of networks and their countries.
func write(t *testing.T, path string, countries map[string]string) {
	t.Helper()
	tree, err := mmdbwriter.New(mmdbwriter.Options{DatabaseType: "GeoLite2-Country", RecordSize: 24, IncludeReservedNetworks: true})
	if err != nil {
		t.Fatal(err)
	}
	for network, code := range countries {
		_, parsed, err := net.ParseCIDR(network)
		if err != nil {
			t.Fatal(err)
		}
		record := mmdbtype.Map{"country": mmdbtype.Map{"iso_code": mmdbtype.String(code)}}
		if err := tree.Insert(parsed, record); err != nil {
			t.Fatal(err)
		}
	}
	var file bytes.Buffer
	if _, err := tree.WriteTo(&file); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, file.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestAnAddressIsInACountry(t *testing.T) {
	path := filepath.Join(t.TempDir(), "GeoLite2-Country.mmdb")
	write(t, path, map[string]string{"192.0.2.0/24": "DE", "2001:db8::/32": "at", "198.51.100.0/24": "XX"})
	f := Open(path, slog.New(slog.DiscardHandler))
	for address, want := range map[string]string{
		"192.0.2.7": "DE", "::ffff:192.0.2.7": "DE", "2001:db8::1": "AT", "2001:db8::1%eth0": "AT", "198.51.100.1": "", "203.0.113.1": "", "::1": "",
	} {
		if got := f.Of(netip.MustParseAddr(address)); got != want {
			t.Errorf("%s is in %q, not %q", address, got, want)
		}
	}
	if got := f.Of(netip.Addr{}); got != "" {
		t.Errorf("no address is in %q", got)
	}
}

func TestADatabaseIsReadAnewWhenItIsReplacedAndKeptWhenItIsBroken(t *testing.T) {
	path := filepath.Join(t.TempDir(), "countries.mmdb")
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		address := netip.MustParseAddr("192.0.2.7")
		f := Open(path, slog.New(slog.NewTextHandler(&log, nil)))
		if !strings.Contains(log.String(), "correct its path") {
			t.Errorf("a missing file: %s", log.String())
		}
		later := func() string {
			time.Sleep(2 * recheck)
			f.Of(address)
			synctest.Wait()
			return f.Of(address)
		}
		for _, step := range []struct {
			name string
			do   func()
			want string
		}{
			{"while it is missing", func() {}, ""},
			{"when it is there", func() { write(t, path, map[string]string{"192.0.2.0/24": "DE"}) }, "DE"},
			{"when it is replaced", func() { write(t, path, map[string]string{"192.0.2.0/24": "AT", "192.0.3.0/24": "DE"}) }, "AT"},
			{"when it is broken", func() {
				if err := os.WriteFile(path, []byte("no database"), 0o644); err != nil {
					t.Fatal(err)
				}
			}, "AT"},
			{"when it is removed", func() {
				if err := os.Remove(path); err != nil {
					t.Fatal(err)
				}
			}, "AT"},
		} {
			step.do()
			if got := later(); got != step.want {
				t.Errorf("%s it is %q, not %q", step.name, got, step.want)
			}
		}
		if got := strings.Count(log.String(), "level=ERROR"); got != 2 {
			t.Errorf("%d errors in the log:\n%s", got, log.String())
		}
	})
}

func TestOnlyCodesOfCountriesAreTaken(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"DE", "DE"}, {" de ", "DE"}, {"XX", ""}, {"T1", ""}, {"DEU", ""}, {"", ""}, {"zz", ""}, {"ÄÖ", ""}, {"d'", ""},
	} {
		if got := Code(c.text); got != c.want {
			t.Errorf("%q is %q, not %q", c.text, got, c.want)
		}
	}
}
