-- The common part of every script. Names have the meaning that they have in the memory counters (trailing.ts, registry.ts,
-- check.ts), where they are explained.
--
-- One hash per scope object, in the slot of its organization. Its fields:
--   !                latest and followed time, latest admission known of earlier counters (only in the organization's own hash)
--   <counter>        a trailing window's head, or a counter of requests in flight
--   <counter>#<slot> an older slot of a trailing window
--   <counter>@       when a calendar counter began to count, its newest period and the one before
--   <counter>@<ms>   one calendar period
-- Numbers are packed as doubles: whole up to 2^53, as everywhere.

local REQUESTS, TOKENS, NANO_USD, PARALLEL = 1, 2, 3, 4
local TRAILING, CALENDAR, IN_FLIGHT = 0, 1, 2
local UNKNOWN, KNOWN = 0, 1
local SLOTS = 60
local INFINITY = math.huge
local FAR_FUTURE = 8640000000000000
local RETRY_MS = 1000
local AHEAD_MS_MAX = 3600000
-- Redis drops a scope that was not used for this long. A counter that needs its past reads it from the ledger.
local IDLE_MS = 7200000
-- An organization's holds are dropped this long after the latest one. No request is in flight for longer.
local HOLDS_MS = 86400000
-- A plan is kept after its last use as long as holds under it. Without the plan, only the process that owns a hold could settle
-- it.
local PLAN_MS = HOLDS_MS

-- The places of a counter's state. All have the first three. A trailing window's head also has: NEXT, a time before which no slot
-- expires (may be early, never late); the numbers of its oldest and newest slot; and the newest slot itself.
local SUM, HELD, PAST, NEXT, FIRST, NEWEST, SLOT_SUM, SLOT_HELD, SLOT_LAST = 1, 2, 3, 4, 5, 6, 7, 8, 9
local PLAIN_PLACES, PLAIN, HEAD_PLACES, HEAD, SLOT = 3, '<ddd', 9, '<ddddddddd', '<ddd'

-- The first number of a reply.
local ADMITTED, REFUSED, ASKS, NO_PLAN, DONE, NOT_AWAITED = 1, 2, 3, 4, 5, 6

local floor, max, min = math.floor, math.max, math.min
local pack, unpacked, call = struct.pack, struct.unpack, redis.call

local function whole(number)
  return string.format('%.0f', number)
end

local function doubles(list)
  return pack('<' .. string.rep('d', #list), unpack(list))
end

-- Returns the plan of this name, or nil if the process must send it first.
local function plan_at(key)
  local kept = call('GETEX', key, 'PX', PLAN_MS)
  return kept and cmsgpack.unpack(kept)
end

-- Holds -------------------------------------------------------------------------------------------------------------------------
-- One hash per organization, by the part of a request's id that never changes. A record begins with the state of the request:
-- held; swept (its process died, and the hold counts as used until the actual use is known); or settled and not known to be in
-- the ledger yet. Then come the process that holds it, the name of its plan, and the caller (team, member, key, tab, called
-- name). Then come three numbers for each attempt: time, tokens, nano-dollars. For a settled request they are its admission and
-- what it used.
--
-- A mark stands in place of a record if a hold was cancelled: if that hold runs late, it takes nothing. A mark looks like a held
-- request of no process, under no plan, so a version that does not know marks ignores it.

local HELD_NOW, SWEPT, SETTLED = 'H', 'W', 'S'
local OWNER_LENGTH, NAME_LENGTH = 8, 22
local NOBODY, NO_NAME = '!nobody!', string.rep('-', NAME_LENGTH)
-- The longest delay of a command that was sent before its connection broke.
local MARK_MS = 120000

local function record_of(kept)
  local flag, owner, name, who, at = unpacked('<c1c8c22s', kept)
  local numbers = { unpacked('<' .. string.rep('d', (#kept - at + 1) / 8), kept, at) }
  numbers[#numbers] = nil
  return flag, owner, name, who, numbers
end

local function record_text(flag, owner, name, who, numbers)
  return pack('<c1c8c22s', flag, owner, name, who) .. pack('<' .. string.rep('d', #numbers), unpack(numbers))
end

-- Reports whether the value under a request's id is a mark and not a record.
local function is_mark(kept)
  return string.sub(kept, 2, 1 + OWNER_LENGTH) == NOBODY
end

-- Time --------------------------------------------------------------------------------------------------------------------------

-- Returns Redis's time, never backwards: behind the latest time seen it runs at half pace (see forward-time.ts).
local function now_ms(key)
  local time = redis.call('TIME')
  local clock = time[1] * 1000 + floor(time[2] / 1000)
  local latest, followed, others = -INFINITY, -INFINITY, -INFINITY
  local kept = call('HGET', key, '!')
  if kept then latest, followed, others = unpacked('<ddd', kept) end
  if clock >= latest then return clock, pack('<ddd', clock, clock, others), others end
  local progress = floor(max(0, clock - followed) / 2)
  latest = latest + progress
  if clock < followed then followed = clock else followed = followed + 2 * progress end
  local seen = pack('<ddd', latest, followed, others)
  call('HSET', key, '!', seen)
  return latest, seen, others
end

-- Records an admission before these counters began. No earlier time is returned from then on, unless it is too far ahead of the
-- clock.
local function saw(key, at)
  local now, _, others = now_ms(key)
  local time = redis.call('TIME')
  local clock = time[1] * 1000 + floor(time[2] / 1000)
  if at > now and at <= clock + AHEAD_MS_MAX then now = at end
  call('HSET', key, '!', pack('<ddd', now, clock, max(others, at)))
end

-- The loaded counters -----------------------------------------------------------------------------------------------------------
-- A plan's counters are numbered. `k` is the scope of each (the counters of a scope are adjacent, from `from` to `to`), `f` its
-- name, `w` its window, `u` its unit, `s` the length of a slot, `b` the boundaries of its periods. `pf`, `ps` and `pe` are its
-- field, beginning and end in the present period, which lasts from `vf` to `vt` and which nearly every request falls in.

local plan, keys, state, changed, is_new, fields, starts, ends

local function period_at(boundaries, at)
  local index = #boundaries
  while index > 1 and boundaries[index] > at do index = index - 1 end
  return boundaries[index] or 0, boundaries[index + 1] or FAR_FUTURE
end

-- Reports whether a new period is known to be empty: it began after its series, after the series' newest period and after all
-- other counters.
local function begins_known(i, others)
  local series = call('HGET', keys[plan.k[i]], plan.f[i] .. '@')
  if not series then return false end
  local alive, newest = unpacked('<ddd', series)
  return alive <= starts[i] and starts[i] > newest and others < starts[i]
end

-- Loads the counters of a plan as of an instant, with one command per scope.
local function load(a_plan, their_keys, at, others)
  plan, keys, state, changed, is_new = a_plan, their_keys, {}, {}, {}
  local count = #plan.f
  fields, starts, ends = plan.pf, plan.ps, plan.pe
  if at < plan.vf or at >= plan.vt then
    fields, starts, ends = {}, {}, {}
    for i = 1, count do
      fields[i] = plan.f[i]
      if plan.w[i] == CALENDAR then
        starts[i], ends[i] = period_at(plan.b[i], at)
        fields[i] = plan.f[i] .. '@' .. whole(starts[i])
      end
    end
  end
  for scope = 1, #plan.from do
    local from, to = plan.from[scope], plan.to[scope]
    if from <= to then
      local kept = call('HMGET', keys[scope], unpack(fields, from, to))
      for i = from, to do
        local one, window = kept[i - from + 1], plan.w[i]
        if window == TRAILING then
          if one then
            state[i] = { unpacked(HEAD, one) }
          else
            state[i] = { 0, 0, plan.u[i] == NANO_USD and UNKNOWN or KNOWN, INFINITY, -1, -1, 0, 0, 0 }
          end
        elseif one then
          state[i] = { unpacked(PLAIN, one) }
        elseif window == CALENDAR then
          is_new[i] = true
          state[i] = { 0, 0, begins_known(i, others) and KNOWN or UNKNOWN }
        else
          state[i] = { 0, 0, KNOWN }
        end
      end
    end
  end
end

-- Adds a new calendar period to its series, and drops the one before the last.
local function begin_period(i, now, puts)
  local key, field = keys[plan.k[i]], plan.f[i] .. '@'
  local series = call('HGET', key, field)
  local alive, newest, before = now, -1, -1
  if series then alive, newest, before = unpacked('<ddd', series) end
  if starts[i] > newest then
    if before >= 0 then call('HDEL', key, field .. whole(before)) end
    newest, before = starts[i], newest
  end
  puts[#puts + 1] = field
  puts[#puts + 1] = pack('<ddd', alive, newest, before)
end

-- Writes the changed counters and the latest time.
local function save(now, seen)
  for scope = 1, #plan.from do
    local puts = scope == 1 and { '!', seen } or {}
    for i = plan.from[scope], plan.to[scope] do
      if changed[i] then
        if is_new[i] then begin_period(i, now, puts) end
        local n = #puts
        puts[n + 1] = fields[i]
        if plan.w[i] == TRAILING then
          puts[n + 2] = pack(HEAD, unpack(state[i], 1, HEAD_PLACES))
        else
          puts[n + 2] = pack(PLAIN, unpack(state[i], 1, PLAIN_PLACES))
        end
      end
    end
    if #puts > 0 then
      call('HSET', keys[scope], unpack(puts))
      call('PEXPIRE', keys[scope], IDLE_MS)
    end
  end
end

-- Trailing windows --------------------------------------------------------------------------------------------------------------

local function slot_field(i, slot)
  return plan.f[i] .. '#' .. whole(slot)
end

local function window_ms(i)
  return plan.s[i] * SLOTS
end

-- Returns the oldest slot that can exist: slots of one window, and the one that is about to expire.
local function oldest(c)
  return max(c[FIRST], c[NEWEST] - SLOTS - 1)
end

local function slot_fields(i, from, to)
  local names = {}
  for slot = from, to do names[#names + 1] = slot_field(i, slot) end
  return names
end

local function expire(i, now)
  local c = state[i]
  if now < c[NEXT] then return end
  changed[i] = true
  local key = keys[plan.k[i]]
  local gone = now - window_ms(i)
  local from = oldest(c)
  if c[SLOT_LAST] <= gone then
    if from < c[NEWEST] then call('HDEL', key, unpack(slot_fields(i, from, c[NEWEST] - 1))) end
    c[SUM], c[HELD], c[NEXT], c[NEWEST] = 0, 0, INFINITY, -1
    return
  end
  local to = min(c[NEWEST] - 1, floor(gone / plan.s[i]))
  if from <= to then
    local names = slot_fields(i, from, to)
    local kept = call('HMGET', key, unpack(names))
    local dropped = {}
    local stays
    for n = 1, #kept do
      if kept[n] then
        local sum, held, last = unpacked(SLOT, kept[n])
        if last > gone then
          stays = { from + n - 1, last }
          break
        end
        c[SUM], c[HELD] = c[SUM] - sum, c[HELD] - held
        dropped[#dropped + 1] = names[n]
      end
    end
    if #dropped > 0 then call('HDEL', key, unpack(dropped)) end
    if stays then
      c[FIRST], c[NEXT] = stays[1], stays[2] + window_ms(i)
      return
    end
    from = to + 1
  end
  c[FIRST] = from
  -- A slot's last admission is not before its beginning.
  c[NEXT] = max(now + 1, window_ms(i) + (from >= c[NEWEST] and c[SLOT_LAST] or from * plan.s[i]))
end

local function expire_all(now)
  for i = 1, #state do
    local c = state[i]
    if c[NEXT] and now >= c[NEXT] and plan.w[i] == TRAILING then expire(i, now) end
  end
end

-- Saves the heads of expired windows, in scripts that take nothing: the slots are deleted already, so the heads must agree.
local function save_expired()
  for i in pairs(changed) do
    call('HSET', keys[plan.k[i]], fields[i], pack(HEAD, unpack(state[i], 1, HEAD_PLACES)))
  end
end

local function begin_slot(i, slot, at)
  local c = state[i]
  if c[NEWEST] < 0 then
    c[FIRST], c[NEXT] = slot, at + window_ms(i)
  else
    call('HSET', keys[plan.k[i]], slot_field(i, c[NEWEST]), pack(SLOT, c[SLOT_SUM], c[SLOT_HELD], c[SLOT_LAST]))
  end
  c[NEWEST], c[SLOT_SUM], c[SLOT_HELD], c[SLOT_LAST] = slot, 0, 0, at
end

local function take_now(i, now, amount)
  local c = state[i]
  local slot = floor(now / plan.s[i])
  if slot > c[NEWEST] then begin_slot(i, slot, now) end
  c[SLOT_SUM], c[SLOT_HELD], c[SLOT_LAST] = c[SLOT_SUM] + amount, c[SLOT_HELD] + amount, now
  c[SUM], c[HELD], changed[i] = c[SUM] + amount, c[HELD] + amount, true
end

-- Counts what was taken at an instant, and how much of it is held, unless the instant is a full window ago. A later instant than
-- now counts as now.
local function add_at(i, at, amount, held, now)
  local c = state[i]
  local when = min(at, now)
  if when <= now - window_ms(i) then return end
  changed[i] = true
  c[SUM], c[HELD] = c[SUM] + amount, c[HELD] + held
  local slot = floor(when / plan.s[i])
  if slot > c[NEWEST] then begin_slot(i, slot, when) end
  if slot == c[NEWEST] then
    c[SLOT_SUM], c[SLOT_HELD], c[SLOT_LAST] = c[SLOT_SUM] + amount, c[SLOT_HELD] + held, max(c[SLOT_LAST], when)
    return
  end
  local key, field = keys[plan.k[i]], slot_field(i, slot)
  local kept = call('HGET', key, field)
  local sum, slot_held, last = 0, 0, when
  if kept then sum, slot_held, last = unpacked(SLOT, kept) end
  call('HSET', key, field, pack(SLOT, sum + amount, slot_held + held, max(last, when)))
  c[FIRST], c[NEXT] = min(c[FIRST], slot), min(c[NEXT], when + window_ms(i))
end

local function add_settled(i, at, amount, now)
  add_at(i, at, amount, 0, now)
end

-- Turns what was held at an admission into what was used; see settleSlot. The slot that holds it may be the newest or an older
-- one.
local function settle_slot(i, admitted, held, used, now)
  local c = state[i]
  local slot = floor(admitted / plan.s[i])
  if slot == c[NEWEST] and c[SLOT_HELD] >= held then
    c[SLOT_SUM], c[SLOT_HELD] = c[SLOT_SUM] + used - held, c[SLOT_HELD] - held
  else
    local key, field = keys[plan.k[i]], slot_field(i, slot)
    local kept = c[NEWEST] >= 0 and slot >= oldest(c) and slot < c[NEWEST] and call('HGET', key, field)
    local sum, slot_held, last = 0, -1, 0
    if kept then sum, slot_held, last = unpacked(SLOT, kept) end
    if slot_held < held then
      if used > held then add_settled(i, now, used - held, now) end
      return
    end
    call('HSET', key, field, pack(SLOT, sum + used - held, slot_held - held, last))
  end
  c[SUM], c[HELD], changed[i] = c[SUM] + used - held, c[HELD] - held, true
end

-- Keeps what is held and drops what was settled, because the counter is about to ask for its past again.
local function drop_settled(i)
  local c = state[i]
  changed[i] = true
  c[SUM] = c[HELD]
  if plan.w[i] ~= TRAILING or c[NEWEST] < 0 then return end
  c[SLOT_SUM] = c[SLOT_HELD]
  local from = oldest(c)
  if from >= c[NEWEST] then return end
  local key, names = keys[plan.k[i]], slot_fields(i, from, c[NEWEST] - 1)
  local kept = call('HMGET', key, unpack(names))
  for n = 1, #kept do
    if kept[n] then
      local _, held, last = unpacked(SLOT, kept[n])
      call('HSET', key, names[n], pack(SLOT, held, held, last))
    end
  end
end

-- Returns the milliseconds until slots with at least `amount` in total have expired, if nothing else happens.
local function until_expired(i, now, amount)
  local c = state[i]
  if c[NEWEST] < 0 then return window_ms(i) end
  local expired, from = 0, oldest(c)
  local kept = from < c[NEWEST] and call('HMGET', keys[plan.k[i]], unpack(slot_fields(i, from, c[NEWEST] - 1))) or {}
  for n = 1, #kept do
    if kept[n] then
      local sum, _, last = unpacked(SLOT, kept[n])
      expired = expired + sum
      if expired >= amount then return last + window_ms(i) - now end
    end
  end
  return expired + c[SLOT_SUM] >= amount and c[SLOT_LAST] + window_ms(i) - now or window_ms(i)
end

-- Any counter -------------------------------------------------------------------------------------------------------------------

local function add_used(i, at, amount, now)
  if plan.w[i] == TRAILING then
    expire(i, now)
    add_settled(i, at, amount, now)
  else
    state[i][SUM], changed[i] = state[i][SUM] + amount, true
  end
end

local function resets_at(i, now)
  local c, window = state[i], plan.w[i]
  if window == CALENDAR then return ends[i] >= FAR_FUTURE and INFINITY or ends[i] end
  if window == TRAILING then return c[NEWEST] < 0 and now or max(now, c[SLOT_LAST] + window_ms(i)) end
  return c[SUM] == 0 and now or now + RETRY_MS
end

-- Appends to `reply` the state of each counter in `of`: first all `used`, then all `held`, then all reset times.
local function append_readings(reply, of, now)
  local n, base = #of, #reply
  for rule = 1, n do reply[base + rule] = state[of[rule]][SUM] end
  for rule = 1, n do reply[base + n + rule] = state[of[rule]][HELD] end
  for rule = 1, n do reply[base + 2 * n + rule] = resets_at(of[rule], now) end
  return reply
end

-- Returns the pasts that must be asked for first: counter, from, to. Returns nil if none must.
local function questions(now)
  local asked
  for i = 1, #state do
    if state[i][PAST] ~= KNOWN then
      asked = asked or { ASKS }
      local n = #asked
      asked[n + 1] = i
      if plan.w[i] == CALENDAR then
        asked[n + 2], asked[n + 3] = starts[i], ends[i]
      else
        asked[n + 2], asked[n + 3] = now - window_ms(i) + 1, FAR_FUTURE
      end
    end
  end
  return asked
end

-- Settlement --------------------------------------------------------------------------------------------------------------------

-- Counters that no longer count this request: the called name has left their access group, so none of its use stays in them.
local has_left = {}

local function settle_part(taken_at, held, used, now)
  local requests = held[REQUESTS]
  for i = 1, #state do
    local unit = plan.u[i]
    local part, stays = held[unit], has_left[i] and 0 or used[unit]
    if requests + part > 0 then
      if plan.w[i] == TRAILING then
        settle_slot(i, taken_at, part, stays, now)
      elseif not is_new[i] then
        local c = state[i]
        -- A counter that was lost meanwhile has lost this hold too.
        local back = min(c[HELD], part)
        c[SUM], c[HELD], changed[i] = c[SUM] + stays - back, c[HELD] - back, true
      end
    end
  end
end

-- Turns what the attempts of a request took into what it used, in the loaded counters. `requests`: 1, or 0 if nothing may be
-- left.
local function settle_held(numbers, requests, tokens, nano_usd, now)
  expire_all(now)
  -- The use of each single attempt is not known. So the total fills the parts in their order, and the excess belongs to the
  -- admission.
  local used = { requests, tokens, nano_usd, 0 }
  local tokens_left, nano_usd_left = max(0, tokens - numbers[2]), max(0, nano_usd - numbers[3])
  for part = 4, #numbers - 2, 3 do
    local part_tokens, part_nano_usd = numbers[part + 1], numbers[part + 2]
    local share = { 0, min(tokens_left, part_tokens), min(nano_usd_left, part_nano_usd), 0 }
    tokens_left, nano_usd_left = tokens_left - share[TOKENS], nano_usd_left - share[NANO_USD]
    used[TOKENS], used[NANO_USD] = used[TOKENS] - share[TOKENS], used[NANO_USD] - share[NANO_USD]
    settle_part(numbers[part], { 0, part_tokens, part_nano_usd, 0 }, share, now)
  end
  settle_part(numbers[1], { 1, numbers[2], numbers[3], 1 }, used, now)
end

-- Replaces what a swept request was counted as by what it really used. Its process was given up, but the request may have
-- been served.
local function correct_swept(numbers, requests, tokens, nano_usd, now)
  expire_all(now)
  local counted = { 1, 0, 0, 0 }
  for part = 1, #numbers - 2, 3 do
    counted[TOKENS], counted[NANO_USD] = counted[TOKENS] + numbers[part + 1], counted[NANO_USD] + numbers[part + 2]
  end
  local stays = { requests, tokens, nano_usd, 0 }
  for i = 1, #state do
    local unit = plan.u[i]
    local amount = (has_left[i] and 0 or stays[unit]) - counted[unit]
    if amount ~= 0 and not is_new[i] then add_used(i, numbers[1], amount, now) end
  end
end

-- Returns the key of an organization's own counters, which also keeps its time.
local function organization_key(holds_key)
  local slot = string.sub(holds_key, 1, -2)
  return slot .. 's:' .. string.match(slot, '{(.*)}:$')
end

-- Returns the keys of the scopes that a record's plan counts in.
local function keys_of(holds_key, a_plan, who)
  local slot, ids = string.sub(holds_key, 1, -2), {}
  for id in string.gmatch(string.match(who, '^[^\t]*') .. ',', '([^,]*),') do ids[#ids + 1] = id end
  local names = { organization_key(holds_key) }
  for i = 2, #a_plan.at do names[i] = slot .. 's:' .. ids[a_plan.at[i]] end
  return names
end

-- Settles a request by its record, for callers that know only its id. Returns false, and gives nothing back, if its plan was
-- dropped.
local function settle_recorded(holds_key, flag, name, who, numbers, requests, tokens, nano_usd)
  local its_plan = plan_at(string.sub(holds_key, 1, -2) .. 'p:' .. name)
  if not its_plan then return false end
  local scope_keys = keys_of(holds_key, its_plan, who)
  local now, seen, others = now_ms(scope_keys[1])
  load(its_plan, scope_keys, numbers[1], others)
  if flag == HELD_NOW then
    settle_held(numbers, requests, tokens, nano_usd, now)
  else
    correct_swept(numbers, requests, tokens, nano_usd, now)
  end
  save(now, seen)
  return true
end
