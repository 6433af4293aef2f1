package store

import (
	"bytes"
	"context"

	"go.etcd.io/bbolt"
)

// forget removes records, also those that cannot be read, and returns how many there were.
func (c *changes) forget(keys []Key) (removed int) {
	for _, key := range keys {
		if r, err := c.record(key); r != nil || err != nil {
			c.records.set(key, nil)
			removed++
		}
	}
	return removed
}

func checkKeys(keys []Key) error {
	for _, key := range keys {
		if err := key.check(); err != nil {
			return err
		}
	}
	return nil
}

// forget ends the leases of visitors.
func (l *leases) forget(keys []Key) {
	of := make(map[Key]bool, len(keys))
	for _, key := range keys {
		of[key] = true
	}
	for i := range l.shards {
		shard := &l.shards[i]
		shard.mu.Lock()
		for name, held := range shard.held {
			if of[name.key] {
				shard.remove(held)
			}
		}
		shard.mu.Unlock()
	}
}

// Forget implements [Store].
func (m *Memory) Forget(ctx context.Context, keys []Key, _ []string) (int, error) {
	if err := checkKeys(keys); err != nil {
		return 0, err
	}
	if err := m.begin(ctx); err != nil {
		return 0, err
	}
	defer m.mu.Unlock()
	removed := 0
	for _, key := range keys {
		if m.records[key] != nil {
			delete(m.records, key)
			removed++
		}
	}
	m.leases.forget(keys)
	return removed, nil
}

// Forget implements [Store]. What the file had of them is overwritten as its room is used again.
func (b *Bolt) Forget(ctx context.Context, keys []Key, _ []string) (int, error) {
	if err := checkKeys(keys); err != nil {
		return 0, err
	}
	removed := 0
	err := b.writer.write(ctx, &request{size: len(keys), do: func(c *changes) error {
		removed = c.forget(keys)
		return nil
	}})
	if err != nil {
		return 0, err
	}
	b.leases.forget(keys)
	return removed, nil
}

// Forget implements [Store].
func (c *Cache) Forget(ctx context.Context, keys []Key, messages []string) (int, error) {
	begun := make(map[Key]uint64, len(keys))
	for _, key := range keys {
		begun[key] = c.begin(key)
	}
	removed, err := c.Store.Forget(ctx, keys, messages)
	for _, key := range keys {
		c.ended(key, begun[key], nil)
	}
	return removed, err
}

// Forget implements [Store].
func (p *Passing) Forget(ctx context.Context, keys []Key, messages []string) (removed int, err error) {
	p.mu.Lock()
	for _, key := range keys {
		if p.records[key] == nil {
			continue
		}
		delete(p.records, key)
		removed++
		for i := range p.order {
			if p.order[i] == key {
				p.order[i] = Key{} // its place stays
			}
		}
	}
	p.mu.Unlock()
	more, err := p.Store.Forget(ctx, keys, messages)
	return removed + more, err
}

// FindAll implements [Store]. It looks at every visitor.
func (m *Memory) FindAll(ctx context.Context, workspace, trait, value string) ([]string, error) {
	if err := checkFind(workspace, trait); err != nil {
		return nil, err
	}
	if err := m.beginReading(ctx); err != nil {
		return nil, err
	}
	defer m.mu.RUnlock()
	var ids []string
	if address := normalizeEmail(value); address != "" {
		for key, r := range m.records {
			if key.Workspace == workspace && email(r) == address {
				ids = append(ids, key.Visitor)
			}
		}
	}
	return ids, nil
}

// FindAll implements [Store].
func (b *Bolt) FindAll(ctx context.Context, workspace, trait, value string) ([]string, error) {
	if err := checkFind(workspace, trait); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	var ids []string
	err := b.view(func(tx *bbolt.Tx) error {
		address := normalizeEmail(value)
		if address == "" {
			return nil
		}
		prefix := emailKey(workspace, address, "")
		cursor := tx.Bucket(stateBucket).Cursor()
		for k, _ := cursor.Seek(prefix); bytes.HasPrefix(k, prefix); k, _ = cursor.Next() {
			ids = append(ids, string(k[len(prefix):]))
		}
		return nil
	})
	return ids, err
}

// FindAll implements [Store].
func (r *Redis) FindAll(ctx context.Context, workspace, trait, value string) ([]string, error) {
	if err := checkFind(workspace, trait); err != nil {
		return nil, err
	}
	if err := r.usable(ctx); err != nil {
		return nil, err
	}
	address := normalizeEmail(value)
	if address == "" {
		return nil, nil
	}
	keys, records, err := r.withAddress(ctx, workspace, address)
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, key := range keys {
		if record, err := records.record(key); err != nil || email(record) == address {
			ids = append(ids, key.Visitor)
		}
	}
	return ids, nil
}
