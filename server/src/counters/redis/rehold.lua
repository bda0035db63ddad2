-- Takes the hold of a request in flight again, whatever the limits say, in counters that began later or lost it. A request that
-- was swept because its process seemed dead is held again too, and no longer counts as used.
-- KEYS: those of a hold. ARGV: hold, the process, the caller; then of each attempt time, tokens, nano-dollars.
local scopes = #KEYS - 2
local its_plan = plan_at(KEYS[scopes + 1])
if not its_plan then return doubles({ NO_PLAN }) end
local kept = call('HGET', KEYS[scopes + 2], ARGV[1])
if kept and (is_mark(kept) or string.sub(kept, 1, 1) ~= SWEPT) then return doubles({ DONE }) end
local numbers = {}
for a = 4, #ARGV do numbers[a - 3] = tonumber(ARGV[a]) end
local now, seen, others = now_ms(KEYS[1])
load(its_plan, KEYS, numbers[1], others)
expire_all(now)
if kept then
  local _, _, _, _, swept = record_of(kept)
  correct_swept(swept, 0, 0, 0, now)
end
for part = 1, #numbers - 2, 3 do
  local requests = part == 1 and 1 or 0
  local taken = { requests, numbers[part + 1], numbers[part + 2], requests }
  for i = 1, #state do
    local amount = taken[plan.u[i]]
    if requests + amount > 0 then
      if plan.w[i] == TRAILING then
        add_at(i, numbers[part], amount, amount, now)
      else
        local c = state[i]
        c[SUM], c[HELD], changed[i] = c[SUM] + amount, c[HELD] + amount, true
      end
    end
  end
end
save(now, seen)
call('HSET', KEYS[scopes + 2], ARGV[1], record_text(HELD_NOW, ARGV[2], string.sub(KEYS[scopes + 1], -NAME_LENGTH), ARGV[3], numbers))
call('PEXPIRE', KEYS[scopes + 2], HOLDS_MS)
return doubles({ DONE })
