-- Whatever changes what counters know of settled use other than by a settlement.
-- KEYS: the scopes, the organization's own first. ARGV: the counters as JSON, what is done, and its arguments.
local plan = cjson.decode(ARGV[1])
local act = ARGV[2]
local ASKED_MS_MAX = 30000

-- Begins to ask for the past of one counter: what is settled from now on is counted here, all before it is in the answer. Returns the
-- question's number, or 0 where nobody has to ask or somebody is asking; a question as old as ASKED_MS_MAX was asked by somebody who died.
-- Arguments: an instant within the period, a number from 2 to 999 that is another one each time.
local function ask(now, seen, others)
  local counter = load(plan, KEYS, tonumber(ARGV[3]), others)[1]
  if counter.past == KNOWN or (counter.past ~= UNKNOWN and now - floor(counter.past / 1000) < ASKED_MS_MAX) then return 0 end
  if counter.window == TRAILING then expire(KEYS, counter, now) end
  drop_settled(KEYS, counter)
  counter.past = now * 1000 + tonumber(ARGV[4])
  save(KEYS, { counter }, now, seen)
  return counter.past
end

-- What the ledger holds, unless the question was given up meanwhile. Arguments: as of the question; then instants and amounts.
local function fill(now, seen, others)
  local counter = load(plan, KEYS, tonumber(ARGV[3]), others)[1]
  if counter.past ~= tonumber(ARGV[4]) then return counter.past end
  for i = 5, #ARGV - 1, 2 do add_used(KEYS, counter, tonumber(ARGV[i]), tonumber(ARGV[i + 1]), now) end
  counter.past, counter.changed = KNOWN, true
  save(KEYS, { counter }, now, seen)
  return KNOWN
end

local function give_up(now, seen, others)
  local counter = load(plan, KEYS, tonumber(ARGV[3]), others)[1]
  if counter.past ~= tonumber(ARGV[4]) then return counter.past end
  counter.past, counter.changed = UNKNOWN, true
  save(KEYS, { counter }, now, seen)
  return UNKNOWN
end

-- Arguments: unit, instant, amount of what was admitted before these counters began.
local function restore(now, seen, others)
  local counters = load(plan, KEYS, now, others)
  for i = 1, #counters do
    if counters[i].window == TRAILING and counters[i].unit == tonumber(ARGV[3]) then
      add_used(KEYS, counters[i], tonumber(ARGV[4]), tonumber(ARGV[5]), now)
    end
  end
  save(KEYS, counters, now, seen)
  return DONE
end

-- Arguments: when the period began, what was settled in it.
local function correct(now, seen, others)
  local counter = load(plan, KEYS, tonumber(ARGV[3]), others)[1]
  if counter.window ~= CALENDAR or counter.is_new or counter.starts ~= tonumber(ARGV[3]) or counter.past ~= KNOWN then return DONE end
  counter.sum, counter.changed = tonumber(ARGV[4]) + counter.held, true
  save(KEYS, { counter }, now, seen)
  return DONE
end

local function forget_periods(counter, now)
  local key, field = KEYS[counter.key], counter.name .. '@'
  local series = redis.call('HGET', key, field)
  if not series then return end
  local _, newest, before = unpacked('<ddd', series)
  redis.call('HSET', key, field, pack('<ddd', now, newest, before))
  for _, starts in ipairs({ newest, before }) do
    local period = field .. whole(starts)
    local state = redis.call('HGET', key, period)
    if state then
      local sum, held = unpacked('<ddd', state)
      redis.call('HSET', key, period, pack('<ddd', sum, held, UNKNOWN))
    end
  end
end

local function forget(now, seen, others)
  local counters = load(plan, KEYS, now, others)
  for i = 1, #counters do
    local counter = counters[i]
    if counter.window == CALENDAR then
      forget_periods(counter, now)
    elseif counter.window == TRAILING then
      expire(KEYS, counter, now)
      if counter.unit == NANO_USD then counter.past, counter.changed = UNKNOWN, true else drop_settled(KEYS, counter) end
    end
  end
  save(KEYS, counters, now, seen)
  return DONE
end

if act == 'restore' then saw(KEYS[1], tonumber(ARGV[4])) end
local now, seen, others = now_ms(KEYS[1])
local acts = { ask = ask, fill = fill, give_up = give_up, restore = restore, correct = correct, forget = forget }
return doubles({ acts[act](now, seen, others) })
