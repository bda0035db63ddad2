-- Turns what a hold took into what was used, once: whoever settles a hold that is settled already changes nothing.
-- KEYS: as of the hold; then, where the caller's plan has changed meanwhile, the scopes of the present one and where it is kept.
-- ARGV: hold, tokens, nano-dollars, how many scopes the hold's plan has, and whether there is a present plan besides (0 or 1).
local scopes = tonumber(ARGV[4])
local has_other = ARGV[5] == '1'
local its_plan = plan_at(KEYS[scopes + 1])
local other_keys, other = {}, nil
if has_other then
  for i = scopes + 3, #KEYS - 1 do other_keys[#other_keys + 1] = KEYS[i] end
  other = plan_at(KEYS[#KEYS])
end
if not its_plan or (has_other and not other) then return doubles({ NO_PLAN }) end
local id = ARGV[1]
local kept = call('HGET', KEYS[scopes + 2], id)
if not kept then return doubles({ DONE }) end
call('HDEL', KEYS[scopes + 2], id)

local record = { unpacked('<' .. string.rep('d', #kept / 8), kept) }
local tokens, nano_usd = tonumber(ARGV[2]), tonumber(ARGV[3])
local now, seen, others = now_ms(KEYS[1])
local at = record[1]
load(its_plan, KEYS, at, others)
expire_all(now)

local function settle_part(taken_at, held, used)
  local requests = held[REQUESTS]
  for i = 1, #state do
    local unit = plan.u[i]
    local part = held[unit]
    if requests + part > 0 then
      if plan.w[i] == TRAILING then
        settle_slot(i, taken_at, part, used[unit], now)
      elseif not is_new[i] then
        local c = state[i]
        -- A counter that was lost meanwhile does not hold what was held.
        local back = min(c[HELD], part)
        c[SUM], c[HELD], changed[i] = c[SUM] + used[unit] - back, c[HELD] - back, true
      end
    end
  end
end

-- What each attempt used alone is not known: it fills the parts in their order, and what goes beyond all of them belongs to the admission.
local used = { 1, tokens, nano_usd, 0 }
local tokens_left, nano_usd_left = max(0, tokens - record[2]), max(0, nano_usd - record[3])
for part = 4, #record - 2, 3 do
  local part_tokens, part_nano_usd = record[part + 1], record[part + 2]
  local share = { 0, min(tokens_left, part_tokens), min(nano_usd_left, part_nano_usd), 0 }
  tokens_left, nano_usd_left = tokens_left - share[TOKENS], nano_usd_left - share[NANO_USD]
  used[TOKENS], used[NANO_USD] = used[TOKENS] - share[TOKENS], used[NANO_USD] - share[NANO_USD]
  settle_part(record[part], { 0, part_tokens, part_nano_usd, 0 }, share)
end
settle_part(at, { 1, record[2], record[3], 1 }, used)
save(now, seen)

-- A limit or budget set while the request was in flight counts it too; see countWhereNotHeld.
if has_other then
  local held = {}
  for i = 1, #state do held[keys[plan.k[i]] .. fields[i]] = true end
  load(other, other_keys, at, others)
  local amounts = { 1, tokens, nano_usd, 0 }
  for i = 1, #state do
    if has_past(i) and not held[keys[plan.k[i]] .. fields[i]] then add_used(i, at, amounts[plan.u[i]], now) end
  end
  save(now, seen)
end
return doubles({ DONE })
