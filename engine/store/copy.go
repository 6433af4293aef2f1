package store

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/redis/rueidis"
	"go.etcd.io/bbolt"
)

// copyChunk is how many entries are copied at once.
const copyChunk = 500

// copyingKey is in Redis while a copy is under way, so that one that was interrupted may be taken up again.
const copyingKey = redisPrefix + "copying"

// Copied says what [Copy] copied.
type Copied struct {
	// Visitors is how many records there are, Unreadable how many of them this program cannot read; they are copied as they are.
	Visitors, Unreadable int
	// Counts and Secrets are how many numbers of the statistics and secrets there are.
	Counts, Secrets int
}

// Copy copies everything in a file into Redis, which must be empty, or have been left by a copy that was interrupted. Nobody
// else may use either meanwhile.
func Copy(ctx context.Context, from *Bolt, to *Redis) (Copied, error) {
	if err := to.expectCopy(ctx); err != nil {
		return Copied{}, err
	}
	var copied Copied
	for _, bucket := range [][]byte{secretsBucket, stateBucket} {
		var next []byte
		for {
			entries, more, err := from.entries(bucket, next)
			if err != nil {
				return copied, err
			}
			if err := to.takeOver(ctx, bucket, entries, &copied); err != nil {
				return copied, fmt.Errorf("%w; run the same command again, it goes on", err)
			}
			if next = more; next == nil {
				break
			}
			if err := ctx.Err(); err != nil {
				return copied, err
			}
		}
	}
	if err := to.client.Do(ctx, to.client.B().Del().Key(copyingKey).Build()).Error(); err != nil {
		return copied, to.failed("ending the copy", Key{}, err)
	}
	return copied, nil
}

// entries are some entries of a bucket from a key on, and where to go on; nil at the end.
func (b *Bolt) entries(bucket, from []byte) (entries []write, next []byte, err error) {
	err = b.view(func(tx *bbolt.Tx) error {
		cursor := tx.Bucket(bucket).Cursor()
		for k, v := cursor.Seek(from); k != nil; k, v = cursor.Next() {
			if len(entries) == copyChunk {
				next = bytes.Clone(k)
				return nil
			}
			entries = append(entries, write{bytes.Clone(k), bytes.Clone(v)})
		}
		return nil
	})
	return entries, next, err
}

// expectCopy sees to it that nothing is overwritten by a copy.
func (r *Redis) expectCopy(ctx context.Context) error {
	answers := r.client.DoMulti(ctx,
		r.client.B().Exists().Key(copyingKey).Build(),
		r.client.B().Exists().Key(workspacesKey).Build(),
		r.client.B().Exists().Key(secretPrefix+"delivery").Build(),
	)
	var there [3]bool
	for i, answer := range answers {
		n, err := answer.AsInt64()
		if err != nil {
			return r.failed("looking whether it is empty", Key{}, err)
		}
		there[i] = n > 0
	}
	if !there[0] && (there[1] || there[2]) {
		return fmt.Errorf("%s has visitors of Handbill already, and a copy would overwrite them; give an empty database, such as redis://host:6379/1, or empty this one", r.place)
	}
	if err := r.client.Do(ctx, r.client.B().Set().Key(copyingKey).Value("1").Build()).Error(); err != nil {
		return r.failed("beginning the copy", Key{}, err)
	}
	return nil
}

// takeOver writes entries of a file into Redis.
func (r *Redis) takeOver(ctx context.Context, bucket []byte, entries []write, copied *Copied) error {
	commands := make(rueidis.Commands, 0, 2*len(entries))
	set := func(key, value string) {
		commands = append(commands, r.client.B().Set().Key(key).Value(value).Build())
	}
	for _, entry := range entries {
		if bytes.Equal(bucket, secretsBucket) {
			set(secretPrefix+string(entry.key), rueidis.BinaryString(entry.value))
			copied.Secrets++
			continue
		}
		workspace, rest, _ := bytes.Cut(entry.key, []byte{0})
		kind, name, _ := bytes.Cut(rest, []byte{0})
		if err := r.announce(ctx, string(workspace)); err != nil {
			return r.failed("copying", Key{}, err)
		}
		switch string(kind) {
		case visitorKind:
			commands = append(commands, r.copyRecord(Key{string(workspace), string(name)}, entry.value, copied)...)
		case emailKind:
			end := bytes.IndexByte(name, 0)
			if end < 0 {
				return fmt.Errorf("the file has an entry %q in its index of addresses, which is damaged", name)
			}
			key := redisEmailKey(string(workspace), string(name[:end]))
			commands = append(commands, r.client.B().Hset().Key(key).FieldValue().FieldValue(string(name[end+1:]), rand.Text()).Build())
		case countKind:
			if len(entry.value) != 8 {
				return fmt.Errorf("the file has a count %q of %d bytes, which is damaged", name, len(entry.value))
			}
			n := int64(binary.BigEndian.Uint64(entry.value))
			commands = append(commands, r.client.B().Hset().Key(bucketKey("counts", string(workspace), bucketName(0))).
				FieldValue().FieldValue(string(name), strconv.FormatInt(n, 10)).Build())
			copied.Counts++
		}
	}
	for part := range slices.Chunk(commands, copyChunk) {
		var problems []error
		for _, answer := range r.client.DoMulti(ctx, part...) {
			problems = append(problems, answer.Error())
		}
		if err := errors.Join(problems...); err != nil {
			return r.failed("copying", Key{}, err)
		}
	}
	return nil
}

// copyRecord are the commands that write a record as it stands in a file.
func (r *Redis) copyRecord(key Key, data []byte, copied *Copied) rueidis.Commands {
	copied.Visitors++
	seen := "0"
	if record, err := decode(key, data); err != nil {
		copied.Unreadable++
	} else {
		seen = lastSeenScore(nil, record)
	}
	var name stamp
	_, _ = rand.Read(name[:]) // it never fails: crypto/rand ends the program rather than return weak bytes
	score, _ := strconv.ParseFloat(seen, 64)
	return rueidis.Commands{
		r.client.B().Set().Key(redisRecordKey(key)).Value(string(name[:]) + rueidis.BinaryString(data)).Build(),
		r.client.B().Zadd().Key(bucketKey("seen", key.Workspace, bucketOf(key.Visitor))).ScoreMember().ScoreMember(score, key.Visitor).Build(),
	}
}
