-- Decisions: each returns outcome, 1 if this request id took the view, views used, time of the grant, limit, and end of
-- the grant in ms.

local function network_is_full(batch, network)
  local taken = batch.networks[network]
  if not taken then
    taken = number_at(NETWORK .. network)
    batch.networks[network] = taken
  end
  return taken >= batch.cap
end

local function decide_guest(batch, subject, field, request, expires, limit, look, network)
  local key, ends = batch.prefix .. subject, tonumber(expires) * 1000
  local used = redis.call('HLEN', key)
  if used > 0 then
    local found = redis.call('HMGET', key, field, MARK)
    if found[2] then
      used = used - 1
      limit = used
    end
    if found[1] then
      local bar = string.find(found[1], '|', 1, true)
      local took = string.sub(found[1], bar + 1) == request and 1 or 0
      return GRANTED, took, used, tonumber(string.sub(found[1], 1, bar - 1)), limit, ends
    end
  end
  if limit >= 0 and used >= limit then
    return REFUSED, 0, used, 0, limit, 0
  end
  local counted = network ~= '' and batch.cap > 0
  if counted and network_is_full(batch, network) then
    return NETWORK_EXHAUSTED, 0, used, 0, limit, 0
  end
  if look == '1' then
    return NOT_YET, 0, used, 0, limit, 0
  end
  if counted then
    batch.networks[network] = batch.networks[network] + 1
    batch.grown[network] = true
  end
  batch.entries[#batch.entries + 1] = subject .. '|' .. field .. '|' .. batch.time .. '|' .. request .. '|' .. expires
  redis.call('HSET', key, field, batch.time .. '|' .. request)
  if used == 0 then
    redis.call('EXPIREAT', key, expires)
  end
  return GRANTED, 1, used + 1, batch.now, limit, ends
end

local function decide_account(batch, subject, field, request, limit, look, terms)
  local window, guest, guest_ends = string.match(terms, '^([^|]*)|([^|]*)|(%d+)$')
  local key = batch.prefix .. subject
  local found = redis.call('HMGET', key, field, MARK)
  local account = account_from(subject, key, found[2])
  if account.erased then
    return ERASED, 0, 0, 0, 0, 0
  end
  if guest ~= '' and not account.merged then
    merge(batch, account, window, guest, tonumber(guest_ends) * 1000)
    found[1] = redis.call('HGET', key, field)
  end
  prune(account, batch.now)
  if found[1] then
    local time, by, ends = parts(found[1])
    if ends == 0 or ends > batch.now then
      return GRANTED, by == request and 1 or 0, account.used, time, account_limit(account, limit), ends
    end
  end
  local allowed = account_limit(account, limit)
  if allowed >= 0 and account.used >= allowed then
    return REFUSED, 0, account.used, 0, allowed, 0
  end
  if look == '1' then
    return NOT_YET, 0, account.used, 0, allowed, 0
  end
  local ends = window_end(window, batch.now)
  note(batch, subject, field, batch.time, request, ends, KIND_GRANTED)
  give(account, field, batch.time, request, ends, false)
  return GRANTED, 1, account.used + 1, batch.now, allowed, ends
end

-- ARGV: how many ms from now a guest may at most end, new grants a day that a network's guests may get (0: any number),
-- and a line for each item:
--   "subject|system:code|request id|guest's end (s)|limit (-1: unlimited)|1 to look only|" and of a guest its network
--   or "", of an account "window|guest that it registered from or ""|that guest's end (s)"
-- Returns the time, then outcome, charged, used, time of the grant, limit and end of the grant for each item.
local function consume(_, args)
  local batch = begin()
  if not batch then
    return unverified()
  end
  local now, horizon = batch.now, batch.now + tonumber(args[1])
  batch.cap = tonumber(args[2])
  local r, at = { now }, 1
  for subject, field, request, expires, allowance, look, more in
    string.gmatch(args[3], '([^|\n]+)|([^|]+)|([^|]+)|(%d+)|(%-?%d+)|(%d)|([^\n]*)')
  do
    local limit = tonumber(allowance)
    if is_account(subject) then
      r[at + 1], r[at + 2], r[at + 3], r[at + 4], r[at + 5], r[at + 6] =
        decide_account(batch, subject, field, request, limit, look, more)
    else
      local ends = tonumber(expires) * 1000
      if ends <= now or ends > horizon then
        r[at + 1], r[at + 2], r[at + 3], r[at + 4], r[at + 5], r[at + 6] = EXPIRED, 0, 0, 0, limit, 0
      else
        r[at + 1], r[at + 2], r[at + 3], r[at + 4], r[at + 5], r[at + 6] =
          decide_guest(batch, subject, field, request, expires, limit, look, more)
      end
    end
    at = at + 6
  end
  finish(batch)
  return r
end

-- ARGV: subject, limit. Returns the time, views used, limit, and "1" if an account was not merged with a guest yet.
local function meter(_, args)
  local batch = begin()
  if not batch then
    return unverified()
  end
  local subject, limit = args[1], tonumber(args[2])
  local key = batch.prefix .. subject
  local mark = redis.call('HGET', key, MARK)
  if not is_account(subject) then
    local used = redis.call('HLEN', key) - (mark and 1 or 0)
    return { batch.now, used, mark and used or limit, 0 }
  end
  local account = account_from(subject, key, mark)
  if account.erased then
    return { batch.now, 0, 0, 0 }
  end
  count(account, batch.now)
  return { batch.now, account.used, account_limit(account, limit), account.merged and 0 or 1 }
end

-- ARGV: subject. Returns 1 if an account was not merged with a guest yet, then page and grant of each that has not ended.
local function views(_, args)
  local batch = begin()
  if not batch then
    return unverified()
  end
  local subject = args[1]
  local key = batch.prefix .. subject
  local mark = redis.call('HGET', key, MARK)
  local account = is_account(subject) and account_from(subject, key, mark)
  local results = { account and not account.erased and not account.merged and 1 or 0 }
  local all = redis.call('HGETALL', key)
  for i = 1, #all, 2 do
    if all[i] ~= MARK then
      local ends = account and select(3, parts(all[i + 1])) or 0
      if ends == 0 or ends > batch.now then
        results[#results + 1], results[#results + 2] = all[i], all[i + 1]
      end
    end
  end
  return results
end

-- ARGV: account, window, guest that it registered from, that guest's end (s). Returns how many grants were copied, -1
-- if the account was merged before or is erased.
local function merge_guest(_, args)
  local batch = begin()
  if not batch then
    return unverified()
  end
  local key = batch.prefix .. args[1]
  local account = account_from(args[1], key, redis.call('HGET', key, MARK))
  if account.erased or account.merged then
    return -1
  end
  local copied = merge(batch, account, args[2], args[3], tonumber(args[4]) * 1000)
  finish(batch)
  return copied
end

-- ARGV: account. Erases all that is its; nothing is granted to it any more. Returns 1, or 0 if it was erased before.
local function erase(_, args)
  local batch = begin()
  if not batch then
    return unverified()
  end
  local key = batch.prefix .. args[1]
  if redis.call('HGET', key, MARK) == ERASED_MARK then
    return 0
  end
  redis.call('DEL', key)
  redis.call('HSET', key, MARK, ERASED_MARK)
  note(batch, args[1], '', batch.time, '', 0, KIND_ERASED)
  finish(batch)
  return 1
end
