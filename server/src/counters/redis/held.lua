-- Returns a page of holds: the requests of one process, and the other processes that hold something. Deletes marks older than
-- MARK_MS.
-- KEYS: the organization's holds. ARGV: the process, the cursor, the page size, the minimum age of its holds, and of others'
-- holds, in ms.
-- Returns five lines: the next cursor (0: none), the time, how many marks there are, requests, processes.
local now = now_ms(organization_key(KEYS[1]))
local page = call('HSCAN', KEYS[1], ARGV[2], 'COUNT', ARGV[3])
local marks, ids, owners, seen_owners = 0, {}, {}, {}
for n = 1, #page[2], 2 do
  local id, kept = page[2][n], page[2][n + 1]
  if string.sub(kept, 1, 1) == HELD_NOW then
    local _, owner, _, _, numbers = record_of(kept)
    local age = now - numbers[1]
    if owner == NOBODY then
      if age > MARK_MS then call('HDEL', KEYS[1], id) else marks = marks + 1 end
    elseif owner == ARGV[1] then
      if age > tonumber(ARGV[4]) then ids[#ids + 1] = id end
    elseif age > tonumber(ARGV[5]) and not seen_owners[owner] then
      seen_owners[owner], owners[#owners + 1] = true, owner
    end
  end
end
return table.concat({ page[1], whole(now), whole(marks), table.concat(ids, ','), table.concat(owners, ',') }, '\n')
