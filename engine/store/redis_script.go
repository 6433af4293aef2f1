package store

import "github.com/redis/rueidis"

// writeScript makes several writes, each all or nothing: it puts records in the place of those that they were made from, and
// raises counts with them.
//
//	KEYS: a hash of counts, all records, then for each write that is not plain its sorted sets of when visitors were last seen,
//	      one for each record, and perhaps its mark of a journal
//	ARGV: how many writes there are, how many records, then for each write
//	        its form: empty when it is plain, otherwise how many records it has
//	        its counts: the number of a list of counts below; empty: none
//	        for each record the stamp that it has now and its new value (empty: it is removed); unless the write is plain also
//	          when its visitor was last seen (empty: as before) and the visitor's id
//	        its mark, unless the write is plain (empty: none)
//	      then the lists of counts, each with how many there are, their fields and what is added to each
//
// It answers the numbers of the writes that were not made, because a record has another stamp: somebody else changed it. No
// record is in two of the writes. What may fail comes first, so that nothing else is written then. Calls from a script cost
// more than what they do, so all records are read by one, and written by one.
var writeScript = rueidis.NewLuaScript(`
local call, sub, keys, argv = redis.call, string.sub, KEYS, ARGV
local writes, records, most = tonumber(argv[1]), tonumber(argv[2]), 1000
local was = {}
if records <= most then
  was = call('MGET', unpack(keys, 2, records + 1))
else
  for i = 1, records do was[i] = call('GET', keys[i + 1]) end
end
local at, other, a = 1, records + 1, 3
local put, puts, late, tally, failed = {}, 0, {}, {}, {}
for w = 1, writes do
  local form, counts, fits = argv[a], argv[a + 1], true
  a = a + 2
  if form == '' then
    local old = was[at]
    fits = (old and sub(old, 1, 8) or '') == argv[a]
    if fits then
      put[puts + 1], put[puts + 2], puts = keys[at + 1], argv[a + 1], puts + 2
    end
    at, a = at + 1, a + 2
  else
    local n = tonumber(form)
    for i = 0, n - 1 do
      local old = was[at + i]
      if (old and sub(old, 1, 8) or '') ~= argv[a + 4 * i] then fits = false end
    end
    local mark = argv[a + 4 * n]
    if fits then
      for i = 0, n - 1 do
        local key, sorted = keys[at + i + 1], keys[other + i + 1]
        local value, seen, id = argv[a + 4 * i + 1], argv[a + 4 * i + 2], argv[a + 4 * i + 3]
        if value == '' then
          late[#late + 1] = {'ZREM', sorted, id}
          late[#late + 1] = {'DEL', key}
        else
          put[puts + 1], put[puts + 2], puts = key, value, puts + 2
          if seen ~= '' then call('ZADD', sorted, seen, id) end
        end
      end
      if mark ~= '' then late[#late + 1] = {'SET', keys[other + n + 1], mark, 'EX', 604800} end
    end
    at, other, a = at + n, other + n, a + 4 * n + 1
    if mark ~= '' then other = other + 1 end
  end
  if fits then tally[counts] = (tally[counts] or 0) + 1 else failed[#failed + 1] = w end
end
local sums, list = {}, 0
while a <= #argv do
  list = list + 1
  local n, times = tonumber(argv[a]), tally[tostring(list)]
  for i = a + 1, a + 2 * n, 2 do
    if times then sums[argv[i]] = (sums[argv[i]] or 0) + times * tonumber(argv[i + 1]) end
  end
  a = a + 2 * n + 1
end
for field, n in pairs(sums) do call('HINCRBY', keys[1], field, string.format('%.0f', n)) end
if puts > 2 * most then
  for i = 1, puts, 2 do call('SET', put[i], put[i + 1]) end
elseif puts > 0 then
  call('MSET', unpack(put, 1, puts))
end
for i = 1, #late do call(unpack(late[i])) end
return failed
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
