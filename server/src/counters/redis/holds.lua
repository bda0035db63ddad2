-- Returns the requests that the answer to a question may have to leave out: all that have a record, and those stored since it
-- began. Each is a name, an admission time, and the latest question when it was stored, if it was. Returns `!` alone if the
-- question is no longer open.
-- KEYS: the organization's holds. ARGV: the question's number.
local slot = string.sub(KEYS[1], 1, -2)
if has_ended_early(slot, ARGV[1]) then return '!' end
hear_of(slot, ARGV[1], now_ms(organization_key(KEYS[1])))
local all, list = call('HGETALL', KEYS[1]), {}
for n = 1, #all, 2 do
  if not is_mark(all[n + 1]) then
    local _, _, _, _, numbers = record_of(all[n + 1])
    list[#list + 1] = all[n] .. ':' .. whole(numbers[1]) .. ':'
  end
end
local stored = call('ZRANGEBYSCORE', slot .. 'x', ARGV[1], '+inf', 'WITHSCORES')
for n = 1, #stored, 2 do list[#list + 1] = stored[n] .. ':' .. stored[n + 1] end
return table.concat(list, ',')
