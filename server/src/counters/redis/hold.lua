-- Checks every rule and takes from every counter, or changes nothing. A request is held once, even if a command arrives twice or
-- late.
-- KEYS: the scopes of the plan, the organization's own first; then the plan, and the organization's holds.
-- ARGV: hold, tokens, nano-dollars, the least nano-dollars, the kind (1: a request, 0: a further attempt of one); for a request
-- also the process and the caller.
local scopes = #KEYS - 2
local asked_plan = plan_at(KEYS[scopes + 1])
if not asked_plan then return doubles({ NO_PLAN }) end
local id, tokens, nano_usd, nano_usd_min = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local requests = tonumber(ARGV[5])
local now, seen, others = now_ms(KEYS[1])

local owner, name, who, record = ARGV[6], string.sub(KEYS[scopes + 1], -NAME_LENGTH), ARGV[7], nil
if requests == 0 then
  local kept = call('HGET', KEYS[scopes + 2], id)
  if not kept or is_mark(kept) then return doubles({ REFUSED }) end
  local flag
  flag, owner, name, who, record = record_of(kept)
  if flag ~= HELD_NOW then return doubles({ REFUSED }) end
end

-- A further attempt takes from the period of the admission.
load(asked_plan, KEYS, record and record[1] or now, others)
local asked = questions(now)
if asked then return doubles(asked) end
expire_all(now)

local rule_counters, rule_values, rule_refuses = plan.rc, plan.rv, plan.rm
local units = plan.u
local wanted = { requests, tokens, nano_usd, requests }

local function refusal()
  save_expired()
  local reply = append_readings({ REFUSED, now }, rule_counters, now)
  for rule = 1, #rule_counters do
    if rule_refuses[rule] == 1 then
      local i = rule_counters[rule]
      local amount = (units[i] == NANO_USD and plan.c == 1) and nano_usd_min or wanted[units[i]]
      local value = rule_values[rule]
      local excess = state[i][SUM] + amount - value
      if value == 0 or excess > 0 then
        local wait = -1
        if value > 0 and amount <= value then
          if plan.w[i] == TRAILING then wait = until_expired(i, now, excess)
          elseif plan.w[i] == IN_FLIGHT then wait = RETRY_MS
          elseif ends[i] < FAR_FUTURE then wait = ends[i] - now end
        end
        reply[#reply + 1] = rule - 1
        reply[#reply + 1] = wait
      end
    end
  end
  return doubles(reply)
end

local room = INFINITY
for rule = 1, #rule_counters do
  local i = rule_counters[rule]
  local unit = units[i]
  local amount = wanted[unit]
  if rule_refuses[rule] == 1 and requests + amount > 0 then
    local value = rule_values[rule]
    local left = value - state[i][SUM]
    if value == 0 then return refusal() end
    if unit == NANO_USD then room = min(room, left) elseif amount > left then return refusal() end
  end
end
if nano_usd > room then
  if requests == 0 or plan.c ~= 1 or nano_usd_min > room then return refusal() end
  nano_usd = room
  wanted[NANO_USD] = room
end

-- The data of a settlement, by any process: each attempt's time, tokens and money.
record = record or {}
record[#record + 1] = now
record[#record + 1] = tokens
record[#record + 1] = nano_usd
local text = record_text(HELD_NOW, owner, name, who, record)
if requests == 0 then
  call('HSET', KEYS[scopes + 2], id, text)
elseif call('HSETNX', KEYS[scopes + 2], id, text) == 0 then
  -- Nobody waits for this hold: its request was cancelled, or its hold was taken again.
  save_expired()
  return doubles({ NOT_AWAITED })
end
call('PEXPIRE', KEYS[scopes + 2], HOLDS_MS)

for i = 1, #state do
  local amount = wanted[units[i]]
  if requests + amount > 0 then
    if plan.w[i] == TRAILING then
      take_now(i, now, amount)
    else
      local c = state[i]
      c[SUM], c[HELD], changed[i] = c[SUM] + amount, c[HELD] + amount, true
    end
  end
end
save(now, seen)
return doubles(append_readings({ ADMITTED, now, nano_usd }, rule_counters, now))
