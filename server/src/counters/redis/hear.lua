-- Records that questions are still open: see asking.lua.
-- KEYS: the organization's holds. ARGV: the questions' numbers.
local slot = string.sub(KEYS[1], 1, -2)
local now = now_ms(organization_key(KEYS[1]))
for _, number in ipairs(ARGV) do
  if not has_ended_early(slot, number) then hear_of(slot, number, now) end
end
return doubles({ DONE })
