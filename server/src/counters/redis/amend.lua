-- Whatever changes what counters know of settled use other than by a settlement.
-- KEYS: the scopes, the organization's own first. ARGV: the counters as JSON, what is done, and its arguments.
local counters = cjson.decode(ARGV[1])
local act = ARGV[2]
local ASKED_MS_MAX = 5000
local RECORDS_MAX = 100000

local function slot_of()
  return string.match(KEYS[1], '^.-{.-}:')
end

-- What is settled and not known to be in the ledger: id, when, tokens, nano-dollars and whose use it is of each, as JSON.
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

-- Begins to ask for the past of one counter: what is settled from now on is counted here, all before it is in the answer, which is the
-- ledger's and what is settled and not in the ledger yet. Returns the question's number and the latter; 0 where nobody has to ask or somebody
-- is asking; a question as old as ASKED_MS_MAX was asked by somebody who died. The number that the organization's open questions have is in between.
-- Arguments: an instant within the period, a number from 2 to 999 that is another one each time.
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

-- What the ledger holds, unless the question was given up meanwhile: then what was stored since may be in both. Arguments: as of the question,
-- its two numbers; then instants and amounts.
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

-- Arguments: unit, instant, amount of what was admitted before these counters began.
local function restore(now, seen, others)
  load(counters, KEYS, now, others)
  for i = 1, #state do
    if plan.w[i] == TRAILING and plan.u[i] == tonumber(ARGV[3]) then add_used(i, tonumber(ARGV[4]), tonumber(ARGV[5]), now) end
  end
  save(now, seen)
  return DONE
end

-- Arguments: when the period began, what was settled in it.
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

-- Arguments, where a change of the configuration adds these counters: whose, and its version. A process that learns of it later drops nothing
-- of what others have counted since.
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

-- What the ledger knows of is asked for again; minute and hour limits stay as they are.
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

-- Other requests count than did: all of it is asked for again, minutes and hours too. What nothing was counted in yet is made to ask.
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
