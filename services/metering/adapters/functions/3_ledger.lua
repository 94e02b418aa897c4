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

-- The entries of a stream's record: their lines, and the number before the first.
local function entries_of(record)
  local lines = {}
  for line in string.gmatch(record[2][2], '[^\n]+') do
    lines[#lines + 1] = line
  end
  return lines, tonumber(string.match(record[1], '^%d+')) - #lines
end

-- At most `limit` entries of the stream after that sequence: {sequence, entry} each.
local function waiting(after, limit)
  local found, from = {}, after
  while true do
    local records = redis.call('XRANGE', LEDGER, whole(from + 1) .. '-0', '+', 'COUNT', RECORDS)
    for _, record in ipairs(records) do
      local lines, before = entries_of(record)
      for i, line in ipairs(lines) do
        if #found == limit then
          return found
        end
        if before + i > after then
          found[#found + 1] = { before + i, line }
        end
      end
      from = before + #lines
    end
    if #records < RECORDS then
      return found
    end
  end
end

-- ARGV: sequence, limit. Returns run_id, then sequence and entry of at most `limit` entries after that sequence.
local function pending(_, args)
  local results = { own_run_id() }
  for _, found in ipairs(waiting(tonumber(args[1]), tonumber(args[2]))) do
    results[#results + 1], results[#results + 2] = found[1], found[2]
  end
  return results
end

-- Forgets the records whose entries are all relayed, and which no rebuild needs. Returns how many.
local function forget()
  local through = number_at(RELAYED)
  local hold = redis.call('GET', HOLD)
  if hold then
    through = math.min(through, tonumber(hold))
  end
  return redis.call('XTRIM', LEDGER, 'MINID', whole(through + 1) .. '-0')
end

-- ARGV: run_id, sequence. The entries up to and with that sequence are relayed, if this still is that process.
-- Returns how many records were forgotten.
local function trim(_, args)
  if args[1] ~= own_run_id() then
    return unverified()
  end
  if tonumber(args[2]) > number_at(RELAYED) then
    redis.call('SET', RELAYED, args[2])
  end
  return forget()
end

-- Restoring

local function apply_to_guest(prefix, subject, field, time, request, ends, now)
  if ends > now then
    redis.call('HSET', prefix .. subject, field, time .. '|' .. request)
    redis.call('EXPIREAT', prefix .. subject, whole(ends / 1000), 'NX')
  end
end

local function apply_to_account(prefix, subject, field, time, request, ends, copied, now)
  if ends > 0 and ends <= now then
    return
  end
  local key = prefix .. subject
  local found = redis.call('HMGET', key, field, MARK)
  local account = account_from(subject, key, found[2])
  if account.erased then
    return
  end
  if found[1] and select(4, parts(found[1])) then -- it has ended since, by the clock of the server that granted it anew
    account.copied = account.copied - 1
  end
  give(account, field, time, request, ends, copied)
end

local function apply_merge(prefix, subject, guest, guest_ends, now)
  if guest_ends > now then
    seal(prefix .. guest, guest_ends)
  end
  local key = prefix .. subject
  local account = account_from(subject, key, redis.call('HGET', key, MARK))
  if not account.erased then
    account.merged = true
    redis.call('HSET', key, MARK, account_mark(account))
  end
end

-- Does what an entry says was done; what it gave and has ended is left out.
local function apply(prefix, entry, now)
  local subject, field, time, request, number, more =
    string.match(entry, '^([^|]+)|([^|]*)|(%d+)|([^|]*)|(%d+)(.*)$')
  if more == '' then
    return apply_to_guest(prefix, subject, field, time, request, tonumber(number) * 1000, now)
  end
  local kind, guest = string.match(more, '^|(%d)|([^|]*)|%d+$')
  local ends = tonumber(number)
  if kind == KIND_MERGED then
    apply_merge(prefix, subject, guest, ends, now)
  elseif kind == KIND_ERASED then
    redis.call('DEL', prefix .. subject)
    redis.call('HSET', prefix .. subject, MARK, ERASED_MARK)
  elseif is_account(subject) then
    apply_to_account(prefix, subject, field, time, request, ends, kind == KIND_COPIED, now)
  else
    apply_to_guest(prefix, subject, field, time, request, ends, now)
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
  local batch = begin()
  if not batch then
    return unverified()
  end
  if superseded(args[1]) then
    return superseded_error()
  end
  local generation = args[1]
  local through = number_at(through_of(generation))
  for _, found in ipairs(waiting(through, tonumber(args[2]))) do
    if found[1] ~= through + 1 then
      break -- relayed and trimmed meanwhile: the ledger has what is missing here
    end
    apply(grants_of(generation), found[2], batch.now)
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
    function_name = 'medcodes_' .. name .. '_v2',
    callback = callback,
    flags = reads_only and { 'no-writes' } or {},
  })
end

register('consume', consume)
register('meter', meter, true)
register('views', views, true)
register('merge', merge_guest)
register('erase', erase)
register('status', status, true)
register('verify', verify)
register('pending', pending, true)
register('trim', trim)
register('replay', replay)
register('begin_generation', begin_generation)
register('fill_generation', fill_generation)
register('swap_generation', swap_generation)
