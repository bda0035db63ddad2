-- Turns what a hold took into what was used, once: a second settlement changes nothing. The record keeps what was used until the
-- request's row is known to be in the ledger (stored.lua).
-- KEYS: those of the hold; then, if the caller's plan has changed meanwhile, the scopes and the key of the present plan.
-- ARGV: hold, tokens, nano-dollars, the number of scopes of the hold's plan, whether there is a present plan besides (0 or 1);
-- then the counters of the hold's plan that no longer count the request.
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
if not kept or is_mark(kept) then return doubles({ DONE }) end
local flag, owner, name, who, numbers = record_of(kept)
if flag == SETTLED then return doubles({ DONE }) end

local tokens, nano_usd = tonumber(ARGV[2]), tonumber(ARGV[3])
local now, seen, others = now_ms(KEYS[1])
local at = numbers[1]
load(its_plan, KEYS, at, others)
for n = 6, #ARGV do has_left[tonumber(ARGV[n])] = true end
if flag == HELD_NOW then settle_held(numbers, 1, tokens, nano_usd, now) else correct_swept(numbers, 1, tokens, nano_usd, now) end
save(now, seen)
call('HSET', KEYS[scopes + 2], id, record_text(SETTLED, owner, name, who, { at, tokens, nano_usd }))

-- A limit or budget set while the request was in flight counts it too; see countWhereNotHeld.
if has_other then
  local held = {}
  for i = 1, #state do held[keys[plan.k[i]] .. fields[i]] = true end
  load(other, other_keys, at, others)
  local amounts = { 1, tokens, nano_usd, 0 }
  for i = 1, #state do
    if plan.w[i] ~= IN_FLIGHT and not held[keys[plan.k[i]] .. fields[i]] then add_used(i, at, amounts[plan.u[i]], now) end
  end
  save(now, seen)
end
return doubles({ DONE })
