package store

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"

	"github.com/redis/rueidis"
	"go.etcd.io/bbolt"
)

// CopyFromRedis copies everything in Redis into a new file. The file is there whole or not at all. Nobody else may change what
// is in Redis meanwhile.
func CopyFromRedis(ctx context.Context, from *Redis, path string) (copied Copied, err error) {
	err = makeWhole(path, func(unfinished string) error {
		to, err := OpenBolt(unfinished, Options{Logger: slog.New(slog.DiscardHandler)})
		if err != nil {
			return err
		}
		if err = from.copyInto(ctx, to); err == nil {
			copied, err = to.count(ctx)
		}
		if err == nil && copied == (Copied{}) {
			err = fmt.Errorf("%s has nothing of Handbill's; name the Redis and the database that the Caddyfile names", from.place)
		}
		return errors.Join(err, to.Close())
	})
	if err != nil {
		return Copied{}, err
	}
	return copied, nil
}

func (r *Redis) copyInto(ctx context.Context, to *Bolt) error {
	if err := r.copySecrets(ctx, to); err != nil {
		return err
	}
	workspaces, err := r.client.Do(ctx, r.client.B().Smembers().Key(workspacesKey).Build()).AsStrSlice()
	if err != nil {
		return r.failed("reading the workspaces' names", Key{}, err)
	}
	for _, workspace := range workspaces {
		counts := map[string]int64{}
		for n := range redisBuckets {
			if err := r.copyBucket(ctx, workspace, bucketName(n), counts, to); err != nil {
				return err
			}
		}
		writes := make([]write, 0, len(counts))
		for field, n := range counts {
			writes = append(writes, write{append(countPrefix(workspace), field...), binary.BigEndian.AppendUint64(nil, uint64(n))})
		}
		if err := to.takeAsItIs(stateBucket, writes); err != nil {
			return err
		}
	}
	return nil
}

// copySecrets looks for the secrets on every node: their names are not written anywhere else.
func (r *Redis) copySecrets(ctx context.Context, to *Bolt) error {
	for _, node := range r.client.Nodes() {
		for cursor := uint64(0); ; {
			found, err := node.Do(ctx, node.B().Scan().Cursor(cursor).Match(secretPrefix+"*").Count(copyChunk*2).Build()).AsScanEntry()
			if err != nil {
				return r.failed("looking for the secrets", Key{}, err)
			}
			for _, key := range found.Elements {
				secret, err := r.client.Do(ctx, r.client.B().Get().Key(key).Build()).AsBytes()
				if err != nil {
					return r.failed("reading a secret", Key{}, err)
				}
				if err := to.takeAsItIs(secretsBucket, []write{{[]byte(key[len(secretPrefix):]), secret}}); err != nil {
					return err
				}
			}
			if cursor = found.Cursor; cursor == 0 {
				break
			}
		}
	}
	return nil
}

// copyBucket copies the records of a bucket, and adds its counts up.
func (r *Redis) copyBucket(ctx context.Context, workspace, bucket string, counts map[string]int64, to *Bolt) error {
	fields, err := r.client.Do(ctx, r.client.B().Hgetall().Key(bucketKey("counts", workspace, bucket)).Build()).AsStrMap()
	if err != nil {
		return r.failed("reading the statistics", Key{}, err)
	}
	for field, value := range fields {
		_, _, n, err := parseCount(field, value)
		if err != nil {
			return err
		}
		counts[field] += n
	}
	for begin := int64(0); ; begin += copyChunk {
		ids, err := r.client.Do(ctx, r.client.B().Zrange().Key(bucketKey("seen", workspace, bucket)).
			Min(fmt.Sprint(begin)).Max(fmt.Sprint(begin+copyChunk-1)).Build()).AsStrSlice()
		if err != nil {
			return r.failed("reading who was here", Key{}, err)
		}
		writes, err := r.recordsAsTheyAre(ctx, workspace, ids)
		if err != nil {
			return err
		}
		if err := to.takeAsItIs(stateBucket, writes); err != nil {
			return err
		}
		if len(ids) < copyChunk {
			return nil
		}
	}
}

// recordsAsTheyAre are the records of visitors of one bucket, with their places in the index of addresses.
func (r *Redis) recordsAsTheyAre(ctx context.Context, workspace string, ids []string) ([]write, error) {
	questions := make(rueidis.Commands, 0, len(ids))
	for _, id := range ids {
		questions = append(questions, r.client.B().Get().Key(redisRecordKey(Key{workspace, id})).Build())
	}
	writes := make([]write, 0, len(ids))
	for i, answer := range r.client.DoMulti(ctx, questions...) {
		key := Key{workspace, ids[i]}
		data, err := answer.AsBytes()
		switch {
		case rueidis.IsRedisNil(err): // forgotten a moment ago
			continue
		case err != nil:
			return nil, r.failed("reading a record", key, err)
		case len(data) < stampSize:
			return nil, about(key, errors.New("the record in Redis is damaged: it has no stamp; remove its key"))
		}
		data = data[stampSize:]
		writes = append(writes, write{visitorKey(key), data})
		if record, err := decode(key, data); err == nil && email(record) != "" {
			writes = append(writes, write{emailKey(workspace, email(record), key.Visitor), []byte{}})
		}
	}
	return writes, nil
}

// takeAsItIs writes entries into a bucket of the file.
func (b *Bolt) takeAsItIs(bucket []byte, writes []write) error {
	if len(writes) == 0 {
		return nil
	}
	err := guard(b.path, func() error {
		return b.db.Update(func(tx *bbolt.Tx) error {
			for _, w := range writes {
				if err := tx.Bucket(bucket).Put(w.key, w.value); err != nil {
					return err
				}
			}
			return nil
		})
	})
	if err != nil {
		return fmt.Errorf("writing the copy %s: %w", b.path, err)
	}
	return nil
}
