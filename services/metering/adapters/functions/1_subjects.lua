#!lua name=medcodes_metering_v2

-- The meter's functions. Each call is atomic, in memory and in the append-only file: a decision, its grant and its
-- ledger entry are there together or not at all. Time is this server's clock.
--
-- Keys, all in one slot:
--   {m}:gen                   number of the current generation of grants
--   {m}:<gen>:s:<subject>     hash, one subject's grants: "system:code" -> "time in ms|request id", for an account's
--                             followed by "|end in ms, 0: never|c if it was copied"; and the field `!`, its mark:
--                             of a guest "sealed", of an account "erased", or
--                             "first end of a grant in ms, 0: none ends|copied grants|m if it was merged with its guest"
--   {m}:<gen>:through         while a generation is being rebuilt: the last ledger entry that it holds
--   {m}:generations           the highest generation number given out
--   {m}:seq                   number of the newest ledger entry
--   {m}:ledger                stream of the entries not yet relayed. A record's field `e` holds the entries of one call,
--                             a line each, and its id is <number of the last one>-0. A guest's grant is
--                             "subject|system:code|time in ms|request id|end in s", anything else
--                             "subject|system:code|time in ms|request id|end in ms|kind|guest|how many were copied"
--   {m}:relayed               number of the newest entry that the ledger has acknowledged
--   {m}:hold                  while a rebuild needs them: entries above this number stay in the stream
--   {m}:verified              run_id of the server process whose state was compared with the ledger
--   {m}:n:<network>           new grants of guests of one network; ends a day after the last one
--
-- A function is changed by adding the next version under a new name in a new library, so that two releases of the
-- service can run side by side. Version 1 knew guests only; it reads this version's guests, and this one reads its.

local GEN, GENERATIONS, SEQ = '{m}:gen', '{m}:generations', '{m}:seq'
local LEDGER, VERIFIED, RELAYED, HOLD = '{m}:ledger', '{m}:verified', '{m}:relayed', '{m}:hold'
local NETWORK = '{m}:n:'
local HOLD_SECONDS = 30
local RECORDS = 16 -- read at once from the stream; one can hold a whole batch
local NETWORK_SECONDS = 25 * 3600 -- a network has another name the next day
local DAY_MS = 24 * 3600 * 1000
local FIRST_GENERATION = '1'

local MARK, SEALED, ERASED_MARK = '!', 'sealed', 'erased'
local GRANTED, REFUSED, NOT_YET, EXPIRED, ERASED, NETWORK_EXHAUSTED = 1, 2, 3, 4, 5, 6
local KIND_GRANTED, KIND_COPIED, KIND_MERGED, KIND_ERASED = '0', '1', '2', '3'
local LETTER_A = 97 -- an account's key is "a." and its id, a guest's "g." and its id

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

local function is_account(subject)
  return string.byte(subject) == LETTER_A
end

-- One call's time, where grants are, and the ledger entries that it makes; nil while this server has not been compared
-- with the ledger.
local function begin()
  local state = redis.call('MGET', VERIFIED, GEN, SEQ)
  if state[1] ~= own_run_id() then
    return nil
  end
  local now = now_ms()
  return {
    now = now,
    time = whole(now),
    prefix = grants_of(state[2]),
    before = tonumber(state[3] or '0'),
    entries = {},
    networks = {},
    grown = {},
  }
end

-- Writes the call's ledger entries: one record, because that is what a first view costs most.
local function finish(batch)
  local count = #batch.entries
  if count > 0 then
    local last = whole(batch.before + count)
    redis.call('XADD', LEDGER, last .. '-0', 'e', table.concat(batch.entries, '\n'))
    redis.call('SET', SEQ, last)
  end
  for network in pairs(batch.grown) do
    redis.call('SET', NETWORK .. network, whole(batch.networks[network]), 'EX', NETWORK_SECONDS)
  end
end

local function note(batch, subject, field, time, request, ends, kind, guest, copied)
  batch.entries[#batch.entries + 1] =
    table.concat({ subject, field, time, request, whole(ends), kind, guest or '', whole(copied or 0) }, '|')
end

-- Windows

-- The first moment of the next calendar month, UTC: days to a civil date and back, in years that begin with March.
local function month_end(time)
  local days = math.floor(time / DAY_MS) + 719468
  local era = math.floor(days / 146097)
  local day = days - era * 146097
  local year = math.floor((day - math.floor(day / 1460) + math.floor(day / 36524) - math.floor(day / 146096)) / 365)
  local of_year = day - (365 * year + math.floor(year / 4) - math.floor(year / 100))
  local month = math.floor((5 * of_year + 2) / 153) + 1 -- 0 is March
  if month == 12 then
    year, month = year + 1, 0
  end
  local leap_days = math.floor(year / 4) - math.floor(year / 100) + math.floor(year / 400)
  local first = 365 * year + leap_days + math.floor((153 * month + 2) / 5)
  return (era * 146097 + first - 719468) * DAY_MS
end

-- When a grant of that time ends, in ms; 0: never. `window` is "" (none), "m" (calendar month) or "d" and days.
local function window_end(window, time)
  if window == '' then
    return 0
  end
  if window == 'm' then
    return month_end(time)
  end
  return time + tonumber(string.sub(window, 2)) * DAY_MS
end

-- Accounts

-- Time, request id, end and "c" of an account's grant.
local function parts(value)
  local time, request, ends, copied = string.match(value, '^(%d+)|([^|]+)|?(%d*)|?(c?)$')
  return tonumber(time), request, tonumber(ends) or 0, copied == 'c'
end

-- An account from its key and its mark (false: it has none).
local function account_from(subject, key, mark)
  local account = { subject = subject, key = key, marked = mark and true, next_end = 0, copied = 0, merged = false }
  if mark == ERASED_MARK then
    account.erased = true
  elseif mark then
    local next_end, copied, merged = string.match(mark, '^(%d+)|(%d+)|(m?)$')
    account.next_end, account.copied, account.merged = tonumber(next_end), tonumber(copied), merged == 'm'
  end
  return account
end

local function account_mark(account)
  return whole(account.next_end) .. '|' .. whole(account.copied) .. '|' .. (account.merged and 'm' or '')
end

-- Goes through the account's grants, counts those that have not ended, and returns the fields of those that have.
local function recount(account, now)
  local over = {}
  account.used, account.copied, account.next_end = 0, 0, 0
  local all = redis.call('HGETALL', account.key)
  for i = 1, #all, 2 do
    if all[i] ~= MARK then
      local _, _, ends, copied = parts(all[i + 1])
      if ends > 0 and ends <= now then
        over[#over + 1] = all[i]
      else
        account.used = account.used + 1
        account.copied = account.copied + (copied and 1 or 0)
        if ends > 0 and (account.next_end == 0 or ends < account.next_end) then
          account.next_end = ends
        end
      end
    end
  end
  return over
end

-- How many grants the account holds that have not ended; where some have, `recount` goes through them.
local function count(account, now)
  if account.next_end > 0 and account.next_end <= now then
    return recount(account, now)
  end
  account.used = redis.call('HLEN', account.key) - (account.marked and 1 or 0)
  return {}
end

-- Removes the grants that have ended. An account without any and without a guest leaves nothing behind.
local function prune(account, now)
  local over = count(account, now)
  for _, field in ipairs(over) do
    redis.call('HDEL', account.key, field)
  end
  if #over > 0 then
    account.marked = account.used > 0 or account.merged
    if account.marked then
      redis.call('HSET', account.key, MARK, account_mark(account))
    else
      redis.call('DEL', account.key)
    end
  end
end

-- Writes a grant that the account does not hold, and the mark that belongs to it.
local function give(account, field, time, request, ends, copied)
  if ends > 0 and (account.next_end == 0 or ends < account.next_end) then
    account.next_end = ends
  end
  if copied then
    account.copied = account.copied + 1
  end
  account.marked = true
  local value = time .. '|' .. request .. '|' .. whole(ends) .. '|' .. (copied and 'c' or '')
  redis.call('HSET', account.key, field, value, MARK, account_mark(account))
end

local function seal(key, ends)
  redis.call('HSET', key, MARK, SEALED)
  redis.call('EXPIREAT', key, whole(ends / 1000), 'NX')
end

-- Copies what the guest holds to the account that it registered as, unless another one has done so; seals the guest.
-- `guest_ends` in ms. Returns how many were copied.
local function merge(batch, account, window, guest, guest_ends)
  local copied = 0
  if guest_ends > batch.now then
    local key = batch.prefix .. guest
    if redis.call('HEXISTS', key, MARK) == 0 then
      local held = redis.call('HGETALL', key)
      for i = 1, #held, 2 do
        local time, request = string.match(held[i + 1], '^(%d+)|([^|]+)')
        local ends = window_end(window, tonumber(time))
        if (ends == 0 or ends > batch.now) and redis.call('HEXISTS', account.key, held[i]) == 0 then
          give(account, held[i], time, request, ends, true)
          note(batch, account.subject, held[i], time, request, ends, KIND_COPIED)
          copied = copied + 1
        end
      end
      seal(key, guest_ends)
    end
  end
  account.merged, account.marked = true, true
  redis.call('HSET', account.key, MARK, account_mark(account))
  note(batch, account.subject, '', batch.time, '', guest_ends, KIND_MERGED, guest, copied)
  return copied
end

-- Plan and copied grants. -1: without limit.
local function account_limit(account, limit)
  return limit < 0 and limit or limit + account.copied
end
