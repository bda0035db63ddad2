-- Deletes the records of requests whose rows are in the ledger. Settles those not settled yet, so that a lost settlement is late
-- and not lost. If a question about the past is open, notes that they were stored meanwhile; see asking.lua.
-- KEYS: the organization's holds. ARGV: of each request its id, how many requests it counts as, tokens, nano-dollars.
local slot = string.sub(KEYS[1], 1, -2)
local waiting, done = slot .. 'w', {}
local is_asked, is_asked_beside = false, false
if call('EXISTS', slot .. 'x', slot .. 'y', waiting, slot .. BESIDE) > 0 then
  is_asked = oldest_question(slot, now_ms(organization_key(KEYS[1]))) ~= nil
  local beside = call('GET', slot .. BESIDE)
  is_asked_beside = beside == '1'
  local n = beside and 0 or call('LLEN', waiting)
  while n > 0 do
    call('HDEL', KEYS[1], unpack(call('LPOP', waiting, min(n, 1000))))
    n = n - 1000
  end
end
local latest = is_asked and call('GET', slot .. 'n')
for a = 1, #ARGV - 3, 4 do
  local id, requests, tokens, nano_usd = ARGV[a], tonumber(ARGV[a + 1]), tonumber(ARGV[a + 2]), tonumber(ARGV[a + 3])
  local kept = call('HGET', KEYS[1], id)
  if kept and not is_mark(kept) then
    local flag, owner, name, who, numbers = record_of(kept)
    if flag ~= SETTLED then settle_recorded(KEYS[1], flag, name, who, numbers, requests, tokens, nano_usd) end
    done[#done + 1] = id
    if is_asked_beside and requests > 0 then
      if flag ~= SETTLED then call('HSET', KEYS[1], id, record_text(SETTLED, owner, name, who, { numbers[1], tokens, nano_usd })) end
      call('RPUSH', waiting, id)
    else
      if is_asked and requests > 0 then call('ZADD', slot .. 'x', latest, id .. ':' .. whole(numbers[1])) end
      call('HDEL', KEYS[1], id)
    end
  end
end
if is_asked_beside then call('PEXPIRE', waiting, HOLDS_MS) end
if is_asked then call('PEXPIRE', slot .. 'x', HOLDS_MS) end
return doubles({ #done })
