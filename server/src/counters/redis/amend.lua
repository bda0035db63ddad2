-- Changes what counters know of settled use, other than by a settlement.
-- KEYS: the scopes, the organization's own first. ARGV: the counters as JSON, the action, and its arguments.
local counters = cjson.decode(ARGV[1])
local act = ARGV[2]
local ASKED_MS_MAX = 5000
local RECORDS_MAX = 100000

local function slot_of()
  return string.match(KEYS[1], '^.-{.-}:')
end

-- Returns the requests that are settled and not known to be in the ledger, as JSON: id, admission time, tokens, nano-dollars and
-- caller of each.
local function unstored(slot, now)
  local list = {}
  if call('HLEN', slot .. 'h') > RECORDS_MAX then return '"too many"' end
  local all = call('HGETALL', slot .. 'h')
  for n = 1, #all, 2 do
    local flag, _, _, who, numbers = record_of(all[n + 1])
    if flag ~= HELD_NOW and numbers[1] < now - HOLDS_MS then
      call('HDEL', slot .. 'h', all[n])
    elseif flag ~= HELD_NOW then
      local tokens, nano_usd = 0, 0
      for part = 1, #numbers - 2, 3 do tokens, nano_usd = tokens + numbers[part + 1], nano_usd + numbers[part + 2] end
      list[#list + 1] = { all[n], whole(numbers[1]), whole(tokens), whole(nano_usd), who }
    end
  end
  return #list == 0 and '[]' or cjson.encode(list)
end

-- Begins a question about the past of one counter. From now on, settled use is counted here. Everything before is in the answer,
-- which is the ledger's plus the use that is settled and not in the ledger yet. Returns the question's number, its number among
-- the organization's open questions, and that unstored use. Returns 0 if the past is known or another process is asking. A
-- question older than ASKED_MS_MAX no longer counts: its process is taken for dead.
-- Arguments: an instant within the period, a number from 2 to 999 that differs each time.
local function ask(now, seen, others)
  load(counters, KEYS, tonumber(ARGV[3]), others)
  local c = state[1]
  if c[PAST] == KNOWN or (c[PAST] ~= UNKNOWN and now - floor(c[PAST] / 1000) < ASKED_MS_MAX) then return 0 end
  expire_all(now)
  drop_settled(1)
  c[PAST] = now * 1000 + tonumber(ARGV[4])
  save(now, seen)
  local slot = slot_of()
  return c[PAST], open_question(slot, now), unstored(slot, now)
end

-- Adds the ledger's answer, unless the question has ended meanwhile: then use stored since could count twice.
-- Arguments: the instant that the question was given, its two numbers; then instants and amounts.
local function fill(now, seen, others)
  load(counters, KEYS, tonumber(ARGV[3]), others)
  local c, slot = state[1], slot_of()
  local is_late = has_ended_early(slot, ARGV[5])
  close_question(slot, ARGV[5])
  if c[PAST] ~= tonumber(ARGV[4]) then return c[PAST] end
  if is_late then
    c[PAST], changed[1] = UNKNOWN, true
    save(now, seen)
    return UNKNOWN
  end
  for n = 6, #ARGV - 1, 2 do add_used(1, tonumber(ARGV[n]), tonumber(ARGV[n + 1]), now) end
  c[PAST], changed[1] = KNOWN, true
  save(now, seen)
  return KNOWN
end

local function give_up(now, seen, others)
  close_question(slot_of(), ARGV[5])
  load(counters, KEYS, tonumber(ARGV[3]), others)
  local c = state[1]
  if c[PAST] ~= tonumber(ARGV[4]) then return c[PAST] end
  c[PAST], changed[1] = UNKNOWN, true
  save(now, seen)
  return UNKNOWN
end

-- Adds what was admitted before these counters began. Arguments: unit, instant, amount.
local function restore(now, seen, others)
  load(counters, KEYS, now, others)
  for i = 1, #state do
    if plan.w[i] == TRAILING and plan.u[i] == tonumber(ARGV[3]) then add_used(i, tonumber(ARGV[4]), tonumber(ARGV[5]), now) end
  end
  save(now, seen)
  return DONE
end

-- Corrects a calendar counter to the ledger. Arguments: the start of the period, the use settled in it.
local function correct(now, seen, others)
  load(counters, KEYS, tonumber(ARGV[3]), others)
  local c = state[1]
  if plan.w[1] ~= CALENDAR or is_new[1] or starts[1] ~= tonumber(ARGV[3]) or c[PAST] ~= KNOWN then return DONE end
  c[SUM], changed[1] = tonumber(ARGV[4]) + c[HELD], true
  save(now, seen)
  return DONE
end

local function forget_periods(i, now)
  local key, field = keys[plan.k[i]], plan.f[i] .. '@'
  local series = call('HGET', key, field)
  if not series then return end
  local _, newest, before = unpacked('<ddd', series)
  call('HSET', key, field, pack('<ddd', now, newest, before))
  for _, began in ipairs({ newest, before }) do
    local kept = call('HGET', key, field .. whole(began))
    if kept then
      local sum, held = unpacked(PLAIN, kept)
      call('HSET', key, field .. whole(began), pack(PLAIN, sum, held, UNKNOWN))
    end
  end
end

-- Drops settled use, once for each change of the configuration. A process that reports the change later drops nothing that others
-- have counted since. Arguments, if a change adds these counters: whose configuration it is, and its version.
local function forget(now, seen, others)
  load(counters, KEYS, now, others)
  expire_all(now)
  for i = 1, #state do
    local key, mark = KEYS[counters.k[i]], ARGV[3] and plan.f[i] .. '^' .. ARGV[3]
    local kept = mark and call('HGET', key, mark)
    if not kept or tonumber(kept) < tonumber(ARGV[4]) then
      if mark then
        call('HSET', key, mark, ARGV[4])
        call('PEXPIRE', key, IDLE_MS)
      end
      if plan.w[i] == CALENDAR then
        forget_periods(i, now)
      elseif plan.w[i] == TRAILING and plan.u[i] == NANO_USD then
        state[i][PAST], changed[i] = UNKNOWN, true
      elseif plan.w[i] == TRAILING then
        drop_settled(i)
        state[i][PAST] = KNOWN
      end
    end
  end
  save(now, seen)
  return DONE
end

-- Makes counters with a past in the ledger ask for it again. Minute and hour limits keep what they have.
local function doubt(now, seen, others)
  load(counters, KEYS, now, others)
  expire_all(now)
  for i = 1, #state do
    if plan.w[i] == CALENDAR then
      forget_periods(i, now)
    elseif plan.w[i] == TRAILING and plan.u[i] == NANO_USD then
      state[i][PAST], changed[i] = UNKNOWN, true
    end
  end
  save(now, seen)
  return DONE
end

-- Makes all counters ask for all of their past again, minutes and hours too, because they count other requests than before.
-- Includes counters that have counted nothing yet.
local function recount(now, seen, others)
  load(counters, KEYS, now, others)
  expire_all(now)
  for i = 1, #state do
    if plan.w[i] == CALENDAR then
      forget_periods(i, now)
    elseif plan.w[i] == TRAILING then
      state[i][PAST], changed[i] = UNKNOWN, true
    end
  end
  save(now, seen)
  return DONE
end

if act == 'restore' then saw(KEYS[1], tonumber(ARGV[4])) end
local now, seen, others = now_ms(KEYS[1])
local acts = { ask = ask, fill = fill, give_up = give_up, restore = restore, correct = correct, forget = forget, doubt = doubt, recount = recount }
local answer, number, text = acts[act](now, seen, others)
return doubles({ answer, number or 0 }) .. (text or '')
