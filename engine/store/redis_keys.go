package store

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
)

// Keys in Redis start with "handbill:" and say what they hold. A visitor belongs to one of 256 buckets by a sum of the id;
// the bucket in braces is what a Cluster finds the slot by, so that everything about a visitor lies on one node, and one
// script can change it at once:
//
//	handbill:record:<workspace>:{<bucket>}:<visitor's id>              -> stamp (8 bytes) and record
//	handbill:seen:<workspace>:{<bucket>}                               -> sorted set: visitor's id by when it was last seen
//	handbill:counts:<workspace>:{<bucket>}                             -> hash: message's id 0 metric -> number
//	handbill:batch:<workspace>:{<bucket>}:<random>                     -> that these counts were added, for an hour, or from a journal for a week
//	handbill:journal:<workspace>:{<bucket>}:<run>:<visitor's id>       -> the last entry of an edge's journal that was written, for a week
//	handbill:lease:<workspace>:{<bucket>}:<visitor's id> 0 <message>   -> until when and the tab, as long as it lasts
//	handbill:email:<workspace>:<address>                               -> hash: visitor's id -> random, see [Redis.index]
//	handbill:forgotten:<workspace>                                     -> sorted set: what stands for a visitor by when they were forgotten
//	handbill:secret:<name>                                             -> a secret
//	handbill:workspaces                                                -> set of the workspaces' names
//	handbill:format                                                    -> the version of this layout
//
// On the channel handbill:push:<workspace> edges tell each other for which visitor something is new.
//
// Workspaces' names stand in them as in a URL's query.
const (
	redisPrefix    = "handbill:"
	recordPrefix   = redisPrefix + "record:"
	secretPrefix   = redisPrefix + "secret:"
	workspacesKey  = redisPrefix + "workspaces"
	redisFormatKey = redisPrefix + "format"
	redisFormat    = "1"
	redisBuckets   = 256
	stampSize      = 8
)

// stamp names one state of a record in Redis; none has the zero stamp. Whoever changes a record says which state it was
// made from.
type stamp [stampSize]byte

// known is how a script is told of a stamp.
func (s stamp) known() string {
	if s == (stamp{}) {
		return ""
	}
	return string(s[:])
}

// bucketName names a bucket.
func bucketName(n int) string { return bucketNames[n] }

// bucketNames are the names of all buckets.
var bucketNames = func() (names [redisBuckets]string) {
	for n := range names {
		names[n] = fmt.Sprintf("%02x", n)
	}
	return names
}()

// bucketOf is the bucket of a visitor.
func bucketOf(visitorID string) string { return bucketName(int(sumOfID(visitorID) % redisBuckets)) }

func sumOfID(visitorID string) uint32 {
	const offset, prime = 2166136261, 16777619 // FNV-1a: every edge, and every version, must come to the same
	sum := uint32(offset)
	for i := range len(visitorID) {
		sum = (sum ^ uint32(visitorID[i])) * prime
	}
	return sum
}

func bucketKey(kind, workspace, bucket string) string {
	return redisPrefix + kind + ":" + url.QueryEscape(workspace) + ":{" + bucket + "}"
}

func redisRecordKey(key Key) string {
	return recordPrefix + url.QueryEscape(key.Workspace) + ":{" + bucketOf(key.Visitor) + "}:" + key.Visitor
}

// parseRecordKey is the visitor whose record is kept under a key.
func parseRecordKey(k string) (Key, bool) {
	rest, ok := strings.CutPrefix(k, recordPrefix)
	escaped, rest, cut := strings.Cut(rest, ":{")
	_, id, whole := strings.Cut(rest, "}:")
	workspace, err := url.QueryUnescape(escaped)
	return Key{workspace, id}, ok && cut && whole && err == nil
}

func leaseKey(key Key, message string) string {
	return bucketKey("lease", key.Workspace, bucketOf(key.Visitor)) + ":" + key.Visitor + "\x00" + message
}

func redisEmailKey(workspace, address string) string {
	return redisPrefix + "email:" + url.QueryEscape(workspace) + ":" + address
}

func forgottenKey(workspace string) string {
	return redisPrefix + "forgotten:" + url.QueryEscape(workspace)
}

// countField is the place of a count in a hash.
func countField(name counter) string { return name.message + "\x00" + string(name.metric) }

func parseCount(field, value string) (message string, metric Metric, n int64, err error) {
	end := strings.LastIndexByte(field, 0)
	n, err = strconv.ParseInt(value, 10, 64)
	if end < 0 || err != nil {
		return "", "", 0, fmt.Errorf("the count %q in Redis is damaged: it is %q; remove it", field, value)
	}
	return field[:end], Metric(field[end+1:]), n, nil
}
