package store_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"handbill/engine/store"
	"handbill/engine/store/redistest"
	"handbill/engine/store/storetest"
)

// tlsURL makes the test binary act as a process that trusts the server at this URL.
const tlsURL = "HANDBILL_TEST_TLS"

func TestRedisWithTLS(t *testing.T) {
	if url := os.Getenv(tlsURL); url != "" {
		storetest.Run(t, storetest.Subject{
			Open: func(t *testing.T) store.Store {
				redistest.At(t, os.Getenv(tlsURL+"_PLAIN")).Flush()
				return openUnused(t, t.TempDir(), url)
			},
		})
		return
	}
	server, url, certificate := redistest.StartTLS(t)
	s, err := store.OpenRedis(t.Context(), []string{url}, store.RedisOptions{CacheSize: 1 << 20})
	if err == nil {
		_ = s.Close()
		t.Error("a server is used whose certificate nobody trusts")
	} else if !strings.Contains(err.Error(), "a certificate that this machine trusts") {
		t.Errorf("of a certificate that nobody trusts it says %v", err)
	}
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$")
	child.Env = append(os.Environ(), tlsURL+"="+url, tlsURL+"_PLAIN="+server.Address, "SSL_CERT_FILE="+certificate)
	if out, err := child.CombinedOutput(); err != nil {
		t.Errorf("who trusts it: %v\n%s", err, out)
	}
}
