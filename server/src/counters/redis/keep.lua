-- Keeps a plan where its requests find it.
-- KEYS: where. ARGV: the plan, as JSON.
redis.call('SET', KEYS[1], cmsgpack.pack(cjson.decode(ARGV[1])), 'PX', PLAN_MS)
return doubles({ DONE })
