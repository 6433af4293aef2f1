package store

import "github.com/redis/rueidis"

// writeScript puts records in the place of those that they were made from, all or none, and raises counts with them.
//
//	KEYS: n records, n sorted sets of when visitors were last seen, one hash of counts, perhaps one mark of a journal
//	ARGV: n and the mark (empty: none), then for each record the stamp that it has now, its new value (empty: it is removed),
//	      when its visitor was last seen (empty: as before) and the visitor's id; then fields of counts and what is added to each
//
// It answers 0 when a record has another stamp: somebody else changed it.
var writeScript = rueidis.NewLuaScript(`
local n = tonumber(ARGV[1])
for i = 1, n do
  if redis.call('GETRANGE', KEYS[i], 0, 7) ~= ARGV[4 * i - 1] then return 0 end
end
for i = 1, n do
  local value, seen, id = ARGV[4 * i], ARGV[4 * i + 1], ARGV[4 * i + 2]
  if value == '' then
    redis.call('DEL', KEYS[i])
    redis.call('ZREM', KEYS[n + i], id)
  else
    redis.call('SET', KEYS[i], value)
    if seen ~= '' then redis.call('ZADD', KEYS[n + i], seen, id) end
  end
end
for i = 4 * n + 3, #ARGV, 2 do
  redis.call('HINCRBY', KEYS[2 * n + 1], ARGV[i], ARGV[i + 1])
end
if ARGV[2] ~= '' then redis.call('SET', KEYS[2 * n + 2], ARGV[2], 'EX', 604800) end
return 1
`)

// countScript raises counts, once for each batch.
//
//	KEYS: the hash of counts, the batch    ARGV: for how many seconds the batch is known, fields of counts and what is added to each
var countScript = rueidis.NewLuaScript(`
if not redis.call('SET', KEYS[2], '1', 'NX', 'EX', ARGV[1]) then return 0 end
for i = 2, #ARGV, 2 do
  redis.call('HINCRBY', KEYS[1], ARGV[i], ARGV[i + 1])
end
return 1
`)

// claimScript takes a lease, or renews the tab's own.
//
//	KEYS: the lease    ARGV: the time in milliseconds, how many of them it lasts, the tab
//
// It answers 0 when another tab has it, 1 when it is new, 2 when it is renewed.
var claimScript = rueidis.NewLuaScript(`
local held, answer = redis.call('GET', KEYS[1]), 1
if held then
  local space = string.find(held, ' ', 1, true)
  if tonumber(string.sub(held, 1, space - 1)) > tonumber(ARGV[1]) then
    if string.sub(held, space + 1) ~= ARGV[3] then return 0 end
    answer = 2
  end
end
local ends = string.format('%.0f', tonumber(ARGV[1]) + tonumber(ARGV[2]))
redis.call('SET', KEYS[1], ends .. ' ' .. ARGV[3], 'PX', ARGV[2])
return answer
`)

// unindexScript takes a visitor out of the index of addresses, unless it was put there again meanwhile.
//
//	KEYS: the address    ARGV: the visitor's id, what stood there
var unindexScript = rueidis.NewLuaScript(`
if redis.call('HGET', KEYS[1], ARGV[1]) == ARGV[2] then return redis.call('HDEL', KEYS[1], ARGV[1]) end
return 0
`)
