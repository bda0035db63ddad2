-- Stores a plan under its name.
-- KEYS: the plan's key. ARGV: the plan, as JSON.
redis.call('SET', KEYS[1], cmsgpack.pack(cjson.decode(ARGV[1])), 'PX', PLAN_MS)
return doubles({ DONE })
