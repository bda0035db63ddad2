-- Checks every rule and takes from every counter, or changes nothing.
-- KEYS: the scopes of the plan, the organization's own first; then where the plan is kept, and where holds are.
-- ARGV: hold, tokens, nano-dollars, the least nano-dollars, and what is being made: 1 a request, 0 a further attempt of one.
local scopes = #KEYS - 2
local plan = plan_at(KEYS[scopes + 1])
if not plan then return doubles({ NO_PLAN }) end
local id, tokens, nano_usd, nano_usd_min = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local requests = tonumber(ARGV[5])
local now, seen, others = now_ms(KEYS[1])

local record
if requests == 0 then
  local kept = redis.call('HGET', KEYS[scopes + 2], id)
  if not kept then return doubles({ REFUSED }) end
  record = { unpacked('<' .. string.rep('d', #kept / 8), kept) }
  record[#record] = nil
end

-- A further attempt takes from the period of the admission.
local counters = load(plan, KEYS, record and record[1] or now, others)
local asked = questions(counters, now)
if #asked > 0 then return asking(asked) end
expire_all(KEYS, counters, now)

local wanted = { requests, tokens, nano_usd, requests }
local function refusal()
  save_expired(KEYS, counters)
  local reply = append_readings({ REFUSED, now }, counters, plan.rc, now)
  for rule = 1, #plan.rc do
    if plan.rm[rule] == 1 then
      local counter = counters[plan.rc[rule]]
      local amount = (counter.unit == NANO_USD and plan.c == 1) and nano_usd_min or wanted[counter.unit]
      local value = plan.rv[rule]
      local excess = counter.sum + amount - value
      if value == 0 or excess > 0 then
        local wait = -1
        if value > 0 and amount <= value then
          if counter.window == TRAILING then wait = until_expired(KEYS, counter, now, excess)
          elseif counter.window == IN_FLIGHT then wait = RETRY_MS
          elseif counter.ends ~= INFINITY then wait = counter.ends - now end
        end
        reply[#reply + 1] = rule - 1
        reply[#reply + 1] = wait
      end
    end
  end
  return doubles(reply)
end

local room = INFINITY
for rule = 1, #plan.rc do
  local counter = counters[plan.rc[rule]]
  local amount = wanted[counter.unit]
  if plan.rm[rule] == 1 and requests + amount > 0 then
    local left = plan.rv[rule] - counter.sum
    if plan.rv[rule] == 0 then return refusal() end
    if counter.unit == NANO_USD then room = min(room, left) elseif amount > left then return refusal() end
  end
end
if nano_usd > room then
  if requests == 0 or plan.c ~= 1 or nano_usd_min > room then return refusal() end
  nano_usd = room
  wanted[NANO_USD] = room
end

for i = 1, #counters do
  local counter = counters[i]
  local amount = wanted[counter.unit]
  if requests + amount > 0 then
    if counter.window == TRAILING then
      take_now(KEYS, counter, now, amount)
    else
      counter.sum, counter.held, counter.changed = counter.sum + amount, counter.held + amount, true
    end
  end
end
save(KEYS, counters, now, seen)

-- What a settlement, by whomever, must know: each attempt's instant, tokens and money.
record = record or {}
record[#record + 1] = now
record[#record + 1] = tokens
record[#record + 1] = nano_usd
redis.call('HSET', KEYS[scopes + 2], id, doubles(record))
redis.call('PEXPIRE', KEYS[scopes + 2], HOLDS_MS)
return doubles(append_readings({ ADMITTED, now, nano_usd }, counters, plan.rc, now))
