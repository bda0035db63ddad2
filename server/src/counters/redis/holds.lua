-- The requests that have a record, and when each was admitted.
-- KEYS: where the organization's holds are.
local all, list = call('HGETALL', KEYS[1]), {}
for n = 1, #all, 2 do
  if not is_mark(all[n + 1]) then
    local _, _, _, _, numbers = record_of(all[n + 1])
    list[#list + 1] = all[n] .. ':' .. whole(numbers[1])
  end
end
return table.concat(list, ',')
