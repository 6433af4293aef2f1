package store

import (
	"context"
	"crypto/rand"
	"sync"
	"time"

	"handbill/engine/visitor"
)

// secretSize is the size of a secret, in bytes.
const secretSize = 32

// Memory is a store that forgets everything when it is closed. It grows with the visitors that it remembers: for trials
// and tests.
type Memory struct {
	leases *leases

	mu      sync.RWMutex
	closed  bool
	records map[Key]*visitor.Record
	counts  map[counter]int64
	secrets map[string][]byte
}

// NewMemory makes an empty store in memory.
func NewMemory() *Memory {
	return &Memory{
		leases:  newLeases(),
		records: map[Key]*visitor.Record{}, counts: map[counter]int64{}, secrets: map[string][]byte{},
	}
}

var _ Store = (*Memory)(nil)

// record implements reader; the lock is held.
func (m *Memory) record(key Key) (*visitor.Record, error) { return m.records[key], nil }

// begin takes the lock for a change, or says why it cannot be made. Without an error, the lock is to be given back.
func (m *Memory) begin(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	m.mu.Lock()
	if m.closed {
		m.mu.Unlock()
		return ErrClosed
	}
	return nil
}

// beginReading takes the lock for reading, as begin does for a change.
func (m *Memory) beginReading(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	m.mu.RLock()
	if m.closed {
		m.mu.RUnlock()
		return ErrClosed
	}
	return nil
}

func (m *Memory) keep(c *changes) {
	for key, r := range c.records.all() {
		m.records[key] = r
	}
	for name, n := range c.counts.all() {
		m.counts[name] += n
	}
}

// Load implements [Store].
func (m *Memory) Load(ctx context.Context, key Key) (*visitor.Record, error) {
	if err := key.check(); err != nil {
		return nil, err
	}
	if err := m.beginReading(ctx); err != nil {
		return nil, err
	}
	defer m.mu.RUnlock()
	return m.records[key], nil
}

// Apply implements [Store].
func (m *Memory) Apply(ctx context.Context, mutations []Mutation) ([]Outcome, error) {
	if err := checkAll(mutations); err != nil {
		return nil, err
	}
	if err := m.begin(ctx); err != nil {
		return nil, err
	}
	defer m.mu.Unlock()
	c := changesOn(m)
	outcomes, err := c.apply(mutations)
	if err != nil {
		return nil, err
	}
	m.keep(c)
	return outcomes, nil
}

// Claim implements [Store].
func (m *Memory) Claim(ctx context.Context, claim Claim) (granted, fresh bool, err error) {
	if err := m.beginReading(ctx); err != nil {
		return false, false, err
	}
	defer m.mu.RUnlock()
	return m.leases.claim(claim)
}

// Release implements [Store].
func (m *Memory) Release(ctx context.Context, key Key, message string) error {
	if err := m.beginReading(ctx); err != nil {
		return err
	}
	defer m.mu.RUnlock()
	m.leases.release(key, message)
	return nil
}

// Merge implements [Store].
func (m *Memory) Merge(ctx context.Context, workspace, from, into string, change visitor.Change) (*visitor.Record, error) {
	fromKey, intoKey := Key{workspace, from}, Key{workspace, into}
	if err := checkMerge(fromKey, intoKey); err != nil {
		return nil, err
	}
	if err := m.begin(ctx); err != nil {
		return nil, err
	}
	defer m.mu.Unlock()
	c := changesOn(m)
	merged, err := c.merge(fromKey, intoKey, change)
	if err != nil {
		return nil, err
	}
	m.keep(c)
	return merged, nil
}

// Find implements [Store]. It looks at every visitor.
func (m *Memory) Find(ctx context.Context, workspace, trait, value string) (string, error) {
	if err := checkFind(workspace, trait); err != nil {
		return "", err
	}
	address := normalizeEmail(value)
	if address == "" {
		return "", nil
	}
	if err := m.beginReading(ctx); err != nil {
		return "", err
	}
	defer m.mu.RUnlock()
	var found lastSeen
	for key, r := range m.records {
		if key.Workspace == workspace && email(r) == address {
			found.consider(r)
		}
	}
	return found.id(), nil
}

// Note implements [Store].
func (m *Memory) Note(mutations ...Mutation) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return
	}
	for _, mutation := range mutations {
		c := changesOn(m)
		if c.note(mutation) {
			m.keep(c)
		}
	}
}

// Count implements [Store].
func (m *Memory) Count(workspace, message string, metric Metric, n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.closed {
		m.counts[counter{workspace, message, metric}] += int64(n)
	}
}

// Statistics implements [Store].
func (m *Memory) Statistics(ctx context.Context, workspace string) (map[string]map[Metric]int64, error) {
	if err := checkWorkspace(workspace); err != nil {
		return nil, err
	}
	if err := m.beginReading(ctx); err != nil {
		return nil, err
	}
	defer m.mu.RUnlock()
	statistics := map[string]map[Metric]int64{}
	for name, n := range m.counts {
		if name.workspace == workspace {
			raise(statistics, name.message, name.metric, n)
		}
	}
	return statistics, nil
}

// Secret implements [Store].
func (m *Memory) Secret(ctx context.Context, name string) ([]byte, error) {
	if err := m.begin(ctx); err != nil {
		return nil, err
	}
	defer m.mu.Unlock()
	secret := m.secrets[name]
	if secret == nil {
		secret = newSecret()
		m.secrets[name] = secret
	}
	return append([]byte(nil), secret...), nil
}

// Sweep implements [Store].
func (m *Memory) Sweep(ctx context.Context, before time.Time) (int, error) {
	if err := m.begin(ctx); err != nil {
		return 0, err
	}
	defer m.mu.Unlock()
	removed := 0
	for key, r := range m.records {
		if r.Stale(before) {
			delete(m.records, key)
			removed++
		}
	}
	return removed, nil
}

// Close implements [Store].
func (m *Memory) Close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.closed = true
	m.records, m.counts, m.secrets = nil, nil, nil
	return nil
}

func newSecret() []byte {
	secret := make([]byte, secretSize)
	_, _ = rand.Read(secret) // it never fails: crypto/rand ends the program rather than return weak bytes
	return secret
}

func raise(statistics map[string]map[Metric]int64, message string, metric Metric, n int64) {
	counts := statistics[message]
	if counts == nil {
		counts = map[Metric]int64{}
		statistics[message] = counts
	}
	counts[metric] += n
}
