#!lua name=medcodes_metering_v1

-- The meter's functions. Each call is atomic, in memory and in the append-only file: a decision, its grant and its
-- ledger entry are there together or not at all. Time is this server's clock.
--
-- Keys, all in one slot:
--   {m}:gen                   number of the current generation of grants
--   {m}:<gen>:s:<subject>     hash, one subject's grants: "system:code" -> "time in ms|request id"
--   {m}:<gen>:through         while a generation is being rebuilt: the last ledger entry that it holds
--   {m}:generations           the highest generation number given out
--   {m}:seq                   number of the newest ledger entry
--   {m}:ledger                stream of the entries not yet relayed; the id is <seq>-0, the field `e` holds
--                             "subject|system:code|time in ms|request id|expires in s"
--   {m}:relayed               number of the newest entry that the ledger has acknowledged
--   {m}:hold                  while a rebuild needs them: entries above this number stay in the stream
--   {m}:verified              run_id of the server process whose state was compared with the ledger
--
-- A function is changed by adding the next version under a new name in a new library, so that two releases of the
-- service can run side by side.

local GEN, GENERATIONS, SEQ = '{m}:gen', '{m}:generations', '{m}:seq'
local LEDGER, VERIFIED, RELAYED, HOLD = '{m}:ledger', '{m}:verified', '{m}:relayed', '{m}:hold'
local HOLD_SECONDS = 30
local FIRST_GENERATION = '1'

local GRANTED, REFUSED, NOT_YET, EXPIRED = 1, 2, 3, 4

local run_id -- of this server process; it never changes while the process lives

local function own_run_id()
  if not run_id then
    run_id = string.match(redis.call('INFO', 'server'), 'run_id:(%w+)')
  end
  return run_id
end

local function unverified()
  return redis.error_reply('UNVERIFIED not compared with the ledger since this server started')
end

local function whole(number)
  return string.format('%.0f', number)
end

local function now_ms()
  local time = redis.call('TIME')
  return tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
end

local function grants_of(generation)
  return '{m}:' .. (generation or FIRST_GENERATION) .. ':s:'
end

local function number_at(key)
  return tonumber(redis.call('GET', key) or '0')
end

local function newest()
  return number_at(SEQ)
end

-- Prefix of the current generation's grants; nil while this server has not been compared with the ledger.
local function current_grants()
  local state = redis.call('MGET', VERIFIED, GEN)
  if state[1] ~= own_run_id() then
    return nil
  end
  return grants_of(state[2])
end

-- Decides one view; `batch` holds the time and the newest sequence. Returns outcome, 1 if this request id took the view,
-- views used, time of the grant.
local function decide(batch, key, subject, field, request, expires, limit, look)
  local used = redis.call('HLEN', key)
  if used > 0 then
    local held = redis.call('HGET', key, field)
    if held then
      local bar = string.find(held, '|', 1, true)
      return GRANTED, string.sub(held, bar + 1) == request and 1 or 0, used, tonumber(string.sub(held, 1, bar - 1))
    end
  end
  limit = tonumber(limit)
  if limit >= 0 and used >= limit then
    return REFUSED, 0, used, 0
  end
  if look == '1' then
    return NOT_YET, 0, used, 0
  end
  batch.sequence = batch.sequence + 1
  local entry = subject .. '|' .. field .. '|' .. batch.time .. '|' .. request .. '|' .. expires
  redis.call('XADD', LEDGER, whole(batch.sequence) .. '-0', 'e', entry)
  redis.call('HSET', key, field, batch.time .. '|' .. request)
  if used == 0 and expires ~= '0' then
    redis.call('EXPIREAT', key, expires)
  end
  return GRANTED, 1, used + 1, batch.now
end

-- ARGV: how many ms from now a subject may at most end, and a line for each item:
--   "subject|system:code|request id|ends at (s, 0: never)|limit (-1: unlimited)|1 to look only"
-- Returns the time, then outcome, charged, used and time of the grant for each item.
local function consume(_, args)
  local prefix = current_grants()
  if not prefix then
    return unverified()
  end
  local now = now_ms()
  local horizon, before = tonumber(args[1]), newest()
  local batch = { now = now, time = whole(now), sequence = before }
  local results, at = { now }, 1
  for subject, field, request, expires, limit, look in
    string.gmatch(args[2], '([^|\n]+)|([^|]+)|([^|]+)|(%d+)|(%-?%d+)|(%d)')
  do
    local ends = tonumber(expires) * 1000
    if ends > 0 and (ends <= now or ends > now + horizon) then
      results[at + 1], results[at + 2], results[at + 3], results[at + 4] = EXPIRED, 0, 0, 0
    else
      results[at + 1], results[at + 2], results[at + 3], results[at + 4] =
        decide(batch, prefix .. subject, subject, field, request, expires, limit, look)
    end
    at = at + 4
  end
  if batch.sequence > before then
    redis.call('SET', SEQ, whole(batch.sequence))
  end
  return results
end

-- ARGV: subject. Returns the time and how many views it has used.
local function meter(_, args)
  local prefix = current_grants()
  if not prefix then
    return unverified()
  end
  return { now_ms(), redis.call('HLEN', prefix .. args[1]) }
end

-- ARGV: subject. Returns its hash of grants.
local function views(_, args)
  local prefix = current_grants()
  if not prefix then
    return unverified()
  end
  return redis.call('HGETALL', prefix .. args[1])
end

-- Returns run_id, 1 if verified, newest sequence, generation, entries not yet relayed.
local function status()
  return {
    own_run_id(),
    redis.call('GET', VERIFIED) == own_run_id() and 1 or 0,
    newest(),
    redis.call('GET', GEN) or FIRST_GENERATION,
    newest() - number_at(RELAYED),
  }
end

-- ARGV: run_id, last entry of the ledger. Marks this server as compared if it still is that process and lacks nothing.
-- Returns 1 if it did.
local function verify(_, args)
  if args[1] ~= own_run_id() or newest() < tonumber(args[2]) then
    return 0
  end
  redis.call('SET', VERIFIED, args[1])
  return 1
end

-- ARGV: sequence, limit. Returns run_id, then id and entry of at most `limit` stream entries after that sequence.
local function pending(_, args)
  local results = { own_run_id() }
  local from = whole(tonumber(args[1]) + 1) .. '-0'
  for _, found in ipairs(redis.call('XRANGE', LEDGER, from, '+', 'COUNT', args[2])) do
    results[#results + 1] = found[1]
    results[#results + 1] = found[2][2]
  end
  return results
end

-- Forgets the stream entries that are relayed and that no rebuild needs. Returns how many.
local function forget()
  local through = number_at(RELAYED)
  local hold = redis.call('GET', HOLD)
  if hold then
    through = math.min(through, tonumber(hold))
  end
  return redis.call('XTRIM', LEDGER, 'MINID', whole(through + 1) .. '-0')
end

-- ARGV: run_id, sequence. The entries up to and with that sequence are relayed, if this still is that process.
-- Returns how many were forgotten.
local function trim(_, args)
  if args[1] ~= own_run_id() then
    return unverified()
  end
  if tonumber(args[2]) > number_at(RELAYED) then
    redis.call('SET', RELAYED, args[2])
  end
  return forget()
end

-- Writes the grant of "subject|system:code|time|request id|expires", unless it has ended.
local function apply(prefix, entry, now)
  local subject, field, time, request, expires =
    string.match(entry, '^([^|]+)|([^|]+)|(%d+)|([^|]+)|(%d+)$')
  local ends = tonumber(expires) * 1000
  if ends > 0 and ends <= now then
    return
  end
  redis.call('HSET', prefix .. subject, field, time .. '|' .. request)
  if ends > 0 then
    redis.call('EXPIREAT', prefix .. subject, expires)
  end
end

-- Applies ledger entries from `first` on (ARGV from `start` on), those above `through` only. Returns the last sequence.
local function apply_all(prefix, through, args, first, start)
  local now = now_ms()
  for i = start, #args do
    local sequence = first + i - start
    if sequence > through then
      apply(prefix, args[i], now)
      through = sequence
    end
  end
  return through
end

-- ARGV: sequence of the first entry, entries without a gap. Gives this server the ledger entries that it lacks.
-- Returns the newest sequence.
local function replay(_, args)
  local first, through = tonumber(args[1]), newest()
  if first > through + 1 then
    return redis.error_reply('GAP after ' .. whole(through))
  end
  local last = apply_all(grants_of(redis.call('GET', GEN)), through, args, first, 2)
  if last > through then
    redis.call('SET', SEQ, whole(last))
    redis.call('SET', RELAYED, whole(math.max(last, number_at(RELAYED))))
  end
  return last
end

-- Returns the number of a new, empty generation.
local function begin_generation()
  local current = redis.call('GET', GEN) or FIRST_GENERATION
  local given = redis.call('INCR', GENERATIONS)
  if given <= tonumber(current) then
    given = tonumber(current) + 1
    redis.call('SET', GENERATIONS, whole(given))
  end
  return given
end

local function through_of(generation)
  return '{m}:' .. generation .. ':through'
end

-- Grants of generations below the current one are being deleted.
local function superseded(generation)
  return tonumber(generation) < tonumber(redis.call('GET', GEN) or FIRST_GENERATION)
end

local function superseded_error()
  return redis.error_reply('SUPERSEDED by another rebuild')
end

-- ARGV: generation, sequence of the first entry, entries without a gap. Returns the last sequence that it holds.
local function fill_generation(_, args)
  if superseded(args[1]) then
    return superseded_error()
  end
  local first = tonumber(args[2])
  local through = number_at(through_of(args[1]))
  if first > through + 1 then
    return redis.error_reply('GAP after ' .. whole(through))
  end
  local last = apply_all(grants_of(args[1]), through, args, first, 3)
  redis.call('SET', through_of(args[1]), whole(last))
  return last
end

-- ARGV: generation, limit. Applies at most `limit` entries that are only in the stream yet; once the generation holds
-- all, makes it the current one. Returns 1 if it did, and the last sequence that it holds.
local function swap_generation(_, args)
  if not current_grants() then
    return unverified()
  end
  if superseded(args[1]) then
    return superseded_error()
  end
  local generation, now = args[1], now_ms()
  local through = number_at(through_of(generation))
  local from = whole(through + 1) .. '-0'
  for _, found in ipairs(redis.call('XRANGE', LEDGER, from, '+', 'COUNT', args[2])) do
    if found[1] ~= whole(through + 1) .. '-0' then
      break -- relayed and trimmed meanwhile: the ledger has what is missing here
    end
    apply(grants_of(generation), found[2][2], now)
    through = through + 1
  end
  if through == newest() then
    redis.call('SET', GEN, generation)
    redis.call('DEL', through_of(generation), HOLD)
    forget()
    return { 1, through }
  end
  redis.call('SET', through_of(generation), whole(through))
  -- Else the relay could for ever take away the entries between the ledger's end, as it was read, and this step.
  redis.call('SET', HOLD, whole(through), 'EX', HOLD_SECONDS)
  return { 0, through }
end

local function register(name, callback, reads_only)
  redis.register_function({
    function_name = 'medcodes_' .. name .. '_v1',
    callback = callback,
    flags = reads_only and { 'no-writes' } or {},
  })
end

register('consume', consume)
register('meter', meter, true)
register('views', views, true)
register('status', status, true)
register('verify', verify)
register('pending', pending, true)
register('trim', trim)
register('replay', replay)
register('begin_generation', begin_generation)
register('fill_generation', fill_generation)
register('swap_generation', swap_generation)
