-- The state of each counter.
-- KEYS: the scopes, the organization's own first. ARGV: the counters, as JSON.
local plan = cjson.decode(ARGV[1])
local now, _, others = now_ms(KEYS[1])
local counters = load(plan, KEYS, now, others)
local asked = questions(counters, now)
if #asked > 0 then return asking(asked) end
expire_all(KEYS, counters, now)
save_expired(KEYS, counters)
local all = {}
for i = 1, #counters do all[i] = i end
return doubles(append_readings({ DONE, now }, counters, all, now))
