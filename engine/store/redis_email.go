package store

import (
	"context"
	"crypto/rand"
	"fmt"

	"github.com/redis/rueidis"
)

// move is that a visitor's e-mail address changed.
type move struct {
	key      Key
	from, to string // "": none
	stood    string // what stood in the index for the old address
}

// index puts visitors into the index of addresses before their records are written, so that nobody who has an address is
// missing there; who is there and does not have it is left out when it is read. It lies elsewhere in a Cluster, so no
// script could change it with the record. Each time something random is written, so that who takes the visitor out again
// notices when somebody else has put them in meanwhile.
func (r *Redis) index(ctx context.Context, moved []move) error {
	for i := range moved {
		m := &moved[i]
		if m.from != "" {
			stood, err := r.client.Do(ctx, r.client.B().Hget().Key(redisEmailKey(m.key.Workspace, m.from)).Field(m.key.Visitor).Build()).ToString()
			if err != nil && !rueidis.IsRedisNil(err) {
				return err
			}
			m.stood = stood
		}
		if m.to != "" {
			err := r.client.Do(ctx, r.client.B().Hset().Key(redisEmailKey(m.key.Workspace, m.to)).FieldValue().FieldValue(m.key.Visitor, rand.Text()).Build()).Error()
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// unindex takes visitors out of the index who do not have an address any more.
func (r *Redis) unindex(ctx context.Context, moved []move) {
	for _, m := range moved {
		if m.from == "" || m.stood == "" {
			continue
		}
		err := unindexScript.Exec(ctx, r.client, []string{redisEmailKey(m.key.Workspace, m.from)}, []string{m.key.Visitor, m.stood}).Error()
		if err != nil {
			r.logger.Warn("a visitor's former e-mail address stays in the index, where nobody finds the visitor by it", "store", r.place, "error", err)
		}
	}
}

// indexed are the visitors who may have an address.
func (r *Redis) indexed(ctx context.Context, workspace, address string) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, r.readPatience)
	defer cancel()
	ids, err := r.client.Do(ctx, r.client.B().Hkeys().Key(redisEmailKey(workspace, address)).Build()).AsStrSlice()
	if err != nil {
		return nil, fmt.Errorf("looking for an e-mail address: %w", r.failed("reading the index", Key{}, err))
	}
	return ids, nil
}

// withAddress are the visitors who may have an address, and their records.
func (r *Redis) withAddress(ctx context.Context, workspace, address string) ([]Key, *stored, error) {
	ids, err := r.indexed(ctx, workspace, address)
	if err != nil || len(ids) == 0 {
		return nil, nil, err
	}
	keys := make([]Key, 0, len(ids))
	for _, id := range ids {
		keys = append(keys, Key{workspace, id})
	}
	records, err := r.read(ctx, keys, true)
	return keys, records, err
}
