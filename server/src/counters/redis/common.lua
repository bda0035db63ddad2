-- What every script begins with. Names and meanings are those of the memory counters (trailing.ts, registry.ts, check.ts); what is
-- said there is not said again here.
--
-- One hash per scope object, in the slot of its organization. Its fields:
--   !                latest and followed time, and the latest admission known of earlier counters (in the organization's own hash only)
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
-- A scope nothing was asked of for so long is forgotten; what needs a past finds it in the ledger.
local IDLE_MS = 7200000
-- No request is in flight for longer than this after the last one of its organization.
local HOLDS_MS = 86400000
-- What a plan is kept under is used by all its requests; one in flight for longer sends it again.
local PLAN_SECONDS = 7200

local floor, max, min = math.floor, math.max, math.min
local pack, unpacked = struct.pack, struct.unpack

local function whole(number)
  return string.format('%.0f', number)
end

local function doubles(list)
  return pack('<' .. string.rep('d', #list), unpack(list))
end

-- The plan by its name, or nil where it must be sent first.
local function plan_at(key)
  local kept = redis.call('GETEX', key, 'EX', PLAN_SECONDS)
  return kept and cmsgpack.unpack(kept)
end

-- Redis's own clock, never backwards: behind what was seen it goes on at half its pace (see forward-time.ts).
local function now_ms(key)
  local time = redis.call('TIME')
  local clock = time[1] * 1000 + floor(time[2] / 1000)
  local latest, followed, others = -INFINITY, -INFINITY, -INFINITY
  local kept = redis.call('HGET', key, '!')
  if kept then latest, followed, others = unpacked('<ddd', kept) end
  if clock >= latest then return clock, pack('<ddd', clock, clock, others), others end
  local progress = floor(max(0, clock - followed) / 2)
  latest = latest + progress
  if clock < followed then followed = clock else followed = followed + 2 * progress end
  local seen = pack('<ddd', latest, followed, others)
  redis.call('HSET', key, '!', seen)
  return latest, seen, others
end

-- An admission before these counters began: no time before it comes again, unless it lies beyond belief.
local function saw(key, at)
  local now, _, others = now_ms(key)
  local time = redis.call('TIME')
  local clock = time[1] * 1000 + floor(time[2] / 1000)
  local followed = clock
  if at > now and at <= clock + AHEAD_MS_MAX then now = at end
  redis.call('HSET', key, '!', pack('<ddd', now, followed, max(others, at)))
end

local function period_at(boundaries, at)
  local index = #boundaries
  while index > 1 and boundaries[index] > at do index = index - 1 end
  local ends = boundaries[index + 1] or FAR_FUTURE
  return boundaries[index] or 0, ends >= FAR_FUTURE and INFINITY or ends
end

local function has_past(window, unit)
  return window == CALENDAR or (window == TRAILING and unit == NANO_USD)
end

-- Counters as they stand -----------------------------------------------------------------------------------------------------------

-- The counters of a plan at an instant, loaded with one question per scope. Changed ones are written back by `save`.
local function load(plan, keys, at, others)
  local all = {}
  local by_key = {}
  for i = 1, #plan.f do
    local window = plan.w[i]
    local counter = { key = plan.k[i], name = plan.f[i], window = window, unit = plan.u[i], sum = 0, held = 0, past = KNOWN }
    if window == CALENDAR then
      counter.starts, counter.ends = period_at(plan.b[i], at)
      counter.field = counter.name .. '@' .. whole(counter.starts)
    else
      counter.field = counter.name
      if window == TRAILING then
        counter.slot_ms = plan.b[i][1]
        counter.window_ms = counter.slot_ms * SLOTS
      end
    end
    all[i] = counter
    local of_key = by_key[counter.key]
    if not of_key then
      of_key = { fields = {}, counters = {} }
      by_key[counter.key] = of_key
    end
    of_key.fields[#of_key.fields + 1] = counter.field
    of_key.counters[#of_key.counters + 1] = counter
  end
  for key, of_key in pairs(by_key) do
    local kept = redis.call('HMGET', keys[key], unpack(of_key.fields))
    for i = 1, #kept do
      local counter, state = of_key.counters[i], kept[i]
      if counter.window == TRAILING then
        if state then
          counter.sum, counter.held, counter.next, counter.first, counter.newest, counter.new_sum, counter.new_held, counter.new_last, counter.past =
            unpacked('<ddddddddd', state)
        else
          counter.newest = -1
          counter.next = INFINITY
          if counter.unit == NANO_USD then counter.past = UNKNOWN end
        end
      elseif state then
        counter.sum, counter.held, counter.past = unpacked('<ddd', state)
      elseif counter.window == CALENDAR then
        counter.is_new = true
        counter.past = UNKNOWN
        local series = redis.call('HGET', keys[key], counter.name .. '@')
        if series then
          local alive, newest = unpacked('<ddd', series)
          if alive <= counter.starts and counter.starts > newest and others < counter.starts then counter.past = KNOWN end
        end
      end
    end
  end
  return all
end

-- A calendar period that is counted in for the first time: its series knows of it, and lets go of the one before the last.
local function begin_period(keys, counter, now, puts)
  local field = counter.name .. '@'
  local series = redis.call('HGET', keys[counter.key], field)
  local alive, newest, before = now, -1, -1
  if series then alive, newest, before = unpacked('<ddd', series) end
  if counter.starts > newest then
    if before >= 0 then redis.call('HDEL', keys[counter.key], field .. whole(before)) end
    newest, before = counter.starts, newest
  end
  puts[#puts + 1] = field
  puts[#puts + 1] = pack('<ddd', alive, newest, before)
end

local function state_of(counter)
  if counter.window ~= TRAILING then return pack('<ddd', counter.sum, counter.held, counter.past) end
  if counter.newest < 0 then return pack('<ddddddddd', counter.sum, counter.held, INFINITY, -1, -1, 0, 0, 0, counter.past) end
  return pack('<ddddddddd', counter.sum, counter.held, counter.next, counter.first, counter.newest, counter.new_sum, counter.new_held,
    counter.new_last, counter.past)
end

-- Writes the changed counters of all scopes; `seen` is what now_ms said.
local function save(keys, counters, now, seen)
  local puts = { [1] = { '!', seen } }
  for i = 1, #counters do
    local counter = counters[i]
    if counter.changed then
      local list = puts[counter.key]
      if not list then
        list = {}
        puts[counter.key] = list
      end
      if counter.is_new then begin_period(keys, counter, now, list) end
      list[#list + 1] = counter.field
      list[#list + 1] = state_of(counter)
    end
  end
  for key, list in pairs(puts) do
    redis.call('HSET', keys[key], unpack(list))
    redis.call('PEXPIRE', keys[key], IDLE_MS)
  end
end

-- Trailing windows -----------------------------------------------------------------------------------------------------------------

local function slot_field(counter, slot)
  return counter.name .. '#' .. whole(slot)
end

local function older_slots(keys, counter, from, to)
  local fields = {}
  for slot = from, to do fields[#fields + 1] = slot_field(counter, slot) end
  return fields, redis.call('HMGET', keys[counter.key], unpack(fields))
end

local function mark_empty(counter)
  counter.sum, counter.held, counter.next, counter.newest = 0, 0, INFINITY, -1
end

-- The oldest slot that can be there: a window and the slot that is being left.
local function oldest(counter)
  return max(counter.first, counter.newest - SLOTS - 1)
end

local function expire(keys, counter, now)
  if now < counter.next then return end
  counter.changed = true
  local gone = now - counter.window_ms
  local from = oldest(counter)
  if counter.new_last <= gone then
    if from < counter.newest then
      local fields = {}
      for slot = from, counter.newest - 1 do fields[#fields + 1] = slot_field(counter, slot) end
      redis.call('HDEL', keys[counter.key], unpack(fields))
    end
    return mark_empty(counter)
  end
  local to = min(counter.newest - 1, floor(gone / counter.slot_ms))
  if from <= to then
    local fields, kept = older_slots(keys, counter, from, to)
    local dropped = {}
    for i = 1, #kept do
      if kept[i] then
        local sum, held, last = unpacked('<ddd', kept[i])
        if last > gone then
          counter.first, counter.next = from + i - 1, last + counter.window_ms
          if #dropped > 0 then redis.call('HDEL', keys[counter.key], unpack(dropped)) end
          return
        end
        counter.sum, counter.held = counter.sum - sum, counter.held - held
        dropped[#dropped + 1] = fields[i]
      end
    end
    if #dropped > 0 then redis.call('HDEL', keys[counter.key], unpack(dropped)) end
    from = to + 1
  end
  counter.first = from
  -- Early, never late: a slot's last admission is not before its beginning.
  counter.next = from >= counter.newest and counter.new_last + counter.window_ms or from * counter.slot_ms + counter.window_ms
  if counter.next <= now then counter.next = now + 1 end
end

local function expire_all(keys, counters, now)
  for i = 1, #counters do
    if counters[i].window == TRAILING then expire(keys, counters[i], now) end
  end
end

-- Where nothing is taken: what has expired is gone from the slots, so the heads must say so too.
local function save_expired(keys, counters)
  for i = 1, #counters do
    local counter = counters[i]
    if counter.changed then redis.call('HSET', keys[counter.key], counter.field, state_of(counter)) end
  end
end

local function begin_slot(keys, counter, slot, at)
  if counter.newest < 0 then
    counter.first, counter.next = slot, at + counter.window_ms
  else
    redis.call('HSET', keys[counter.key], slot_field(counter, counter.newest),
      pack('<ddd', counter.new_sum, counter.new_held, counter.new_last))
  end
  counter.newest, counter.new_sum, counter.new_held, counter.new_last = slot, 0, 0, at
end

local function take_now(keys, counter, now, amount)
  local slot = floor(now / counter.slot_ms)
  if slot > counter.newest then begin_slot(keys, counter, slot, now) end
  counter.new_sum, counter.new_held, counter.new_last = counter.new_sum + amount, counter.new_held + amount, now
  counter.sum, counter.held, counter.changed = counter.sum + amount, counter.held + amount, true
end

-- Counts what was used at an instant, unless that is a full window ago. A later instant than now counts as now.
local function add_settled(keys, counter, at, amount, now)
  local when = min(at, now)
  if when <= now - counter.window_ms then return end
  counter.changed = true
  counter.sum = counter.sum + amount
  local slot = floor(when / counter.slot_ms)
  if slot > counter.newest then begin_slot(keys, counter, slot, when) end
  if slot == counter.newest then
    counter.new_sum, counter.new_last = counter.new_sum + amount, max(counter.new_last, when)
    return
  end
  local field = slot_field(counter, slot)
  local kept = redis.call('HGET', keys[counter.key], field)
  local sum, held, last = 0, 0, when
  if kept then sum, held, last = unpacked('<ddd', kept) end
  redis.call('HSET', keys[counter.key], field, pack('<ddd', sum + amount, held, max(last, when)))
  counter.first, counter.next = min(counter.first, slot), min(counter.next, when + counter.window_ms)
end

-- Turns what was held at an admission into what was used; see settleSlot. The slot that still holds it may be the newest or an older one.
local function settle_slot(keys, counter, admitted, held, used, now)
  local slot = floor(admitted / counter.slot_ms)
  if slot == counter.newest and counter.new_held >= held then
    counter.new_sum, counter.new_held = counter.new_sum + used - held, counter.new_held - held
  else
    local field = slot_field(counter, slot)
    local kept = counter.newest >= 0 and slot >= oldest(counter) and slot < counter.newest and redis.call('HGET', keys[counter.key], field)
    local sum, slot_held, last = 0, -1, 0
    if kept then sum, slot_held, last = unpacked('<ddd', kept) end
    if slot_held < held then
      if used > held then add_settled(keys, counter, now, used - held, now) end
      return
    end
    redis.call('HSET', keys[counter.key], field, pack('<ddd', sum + used - held, slot_held - held, last))
  end
  counter.sum, counter.held, counter.changed = counter.sum + used - held, counter.held - held, true
end

-- Keeps what is held and drops what was settled, because its source is about to be asked again.
local function drop_settled(keys, counter)
  counter.changed = true
  if counter.window == TRAILING and counter.newest >= 0 then
    counter.new_sum = counter.new_held
    local from = oldest(counter)
    if from < counter.newest then
      local fields, kept = older_slots(keys, counter, from, counter.newest - 1)
      for i = 1, #kept do
        if kept[i] then
          local _, held, last = unpacked('<ddd', kept[i])
          redis.call('HSET', keys[counter.key], fields[i], pack('<ddd', held, held, last))
        end
      end
    end
  end
  counter.sum = counter.held
end

local function until_expired(keys, counter, now, amount)
  local expired = 0
  local from = oldest(counter)
  if counter.newest >= 0 and from < counter.newest then
    local _, kept = older_slots(keys, counter, from, counter.newest - 1)
    for i = 1, #kept do
      if kept[i] then
        local sum, _, last = unpacked('<ddd', kept[i])
        expired = expired + sum
        if expired >= amount then return last + counter.window_ms - now end
      end
    end
  end
  if counter.newest >= 0 and expired + counter.new_sum >= amount then return counter.new_last + counter.window_ms - now end
  return counter.window_ms
end

-- Any counter ----------------------------------------------------------------------------------------------------------------------

local function add_used(keys, counter, at, amount, now)
  if counter.window == TRAILING then
    expire(keys, counter, now)
    add_settled(keys, counter, at, amount, now)
  else
    counter.sum, counter.changed = counter.sum + amount, true
  end
end

local function resets_at(counter, now)
  if counter.window == CALENDAR then return counter.ends end
  if counter.window == TRAILING then return counter.newest < 0 and now or max(now, counter.new_last + counter.window_ms) end
  return counter.sum == 0 and now or now + RETRY_MS
end

-- The state of each counter that `of` names, after what is in `reply` already: used, then held, then until when.
local function append_readings(reply, counters, of, now)
  local n, base = #of, #reply
  for i = 1, n do
    local counter = counters[of[i]]
    reply[base + i] = counter.sum
    reply[base + n + i] = counter.held
    reply[base + 2 * n + i] = resets_at(counter, now)
  end
  return reply
end

-- What of the past must be asked for first: counter, from when, up to when. Empty where nothing is.
local function questions(counters, now)
  local asked = {}
  for i = 1, #counters do
    local counter = counters[i]
    if counter.past ~= KNOWN then
      local from, to = now - (counter.window_ms or 0) + 1, FAR_FUTURE
      if counter.window == CALENDAR then from, to = counter.starts, min(counter.ends, FAR_FUTURE) end
      asked[#asked + 1] = i
      asked[#asked + 1] = from
      asked[#asked + 1] = to
    end
  end
  return asked
end

-- The first number of a reply.
local ADMITTED, REFUSED, ASKS, NO_PLAN, DONE = 1, 2, 3, 4, 5

local function asking(asked)
  table.insert(asked, 1, ASKS)
  return doubles(asked)
end
