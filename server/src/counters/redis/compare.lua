-- Corrects what counters hold to the sum of the records of requests in flight. Settled use stays. Skips minute and hour limits
-- and rolling budgets: their holds expire with the window.
-- KEYS: the scopes, the organization's own first; then the organization's holds. ARGV: the counters, as JSON; the most records to
-- read.
-- Returns, for each counter, what it held and what it holds now; nothing if there are too many records or a plan is missing.
local scope_keys, holds = {}, KEYS[#KEYS]
for n = 1, #KEYS - 1 do scope_keys[n] = KEYS[n] end
if call('HLEN', holds) > tonumber(ARGV[2]) then return '' end
local now, seen, others = now_ms(scope_keys[1])
load(cjson.decode(ARGV[1]), scope_keys, now, others)
local at, sums, plans = {}, {}, {}
for i = 1, #state do
  sums[i] = 0
  if plan.w[i] ~= TRAILING then at[keys[plan.k[i]] .. ' ' .. plan.f[i]] = i end
end

local all = call('HGETALL', holds)
for n = 2, #all, 2 do
  if string.sub(all[n], 1, 1) == HELD_NOW and not is_mark(all[n]) then
    local _, _, name, who, numbers = record_of(all[n])
    if plans[name] == nil then plans[name] = plan_at(string.sub(holds, 1, -2) .. 'p:' .. name) or false end
    local its = plans[name]
    if not its then return '' end
    local its_keys = keys_of(holds, its, who)
    for c = 1, #its.f do
      local i = at[its_keys[its.k[c]] .. ' ' .. its.f[c]]
      if i and (plan.w[i] == IN_FLIGHT or period_at(its.b[c], numbers[1]) == starts[i]) then
        for part = 1, #numbers - 2, 3 do
          local requests = part == 1 and 1 or 0
          sums[i] = sums[i] + ({ requests, numbers[part + 1], numbers[part + 2], requests })[plan.u[i]]
        end
      end
    end
  end
end

local reply = {}
for i = 1, #state do
  local c = state[i]
  reply[2 * i - 1], reply[2 * i] = c[HELD], c[HELD]
  if plan.w[i] ~= TRAILING and not is_new[i] and c[HELD] ~= sums[i] then
    reply[2 * i] = sums[i]
    c[SUM], c[HELD], changed[i] = c[SUM] + sums[i] - c[HELD], sums[i], true
  end
end
save(now, seen)
return doubles(reply)
