-- Cancels holds that nobody waits for: gives back what a hold took, and makes one that has not run yet take nothing when it does.
-- A settled request stays settled.
-- KEYS: the organization's holds. ARGV: ids of holds. Returns how many were given back.
local given_back = 0
local time = redis.call('TIME')
local clock = time[1] * 1000 + floor(time[2] / 1000)
local mark = record_text(HELD_NOW, NOBODY, NO_NAME, '', { clock, 0, 0 })
for a = 1, #ARGV do
  local kept = call('HGET', KEYS[1], ARGV[a])
  if not kept then
    call('HSET', KEYS[1], ARGV[a], mark)
  elseif not is_mark(kept) and string.sub(kept, 1, 1) ~= SETTLED then
    local flag, _, name, who, numbers = record_of(kept)
    settle_recorded(KEYS[1], flag, name, who, numbers, 0, 0, 0)
    call('HSET', KEYS[1], ARGV[a], mark)
    given_back = given_back + 1
  end
end
call('PEXPIRE', KEYS[1], HOLDS_MS)
return doubles({ given_back })
