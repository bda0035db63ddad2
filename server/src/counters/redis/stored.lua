-- Rows of requests are in the ledger: their records have done their work. What was not settled by then is settled here, so that a settlement
-- lost on its way is late and not lost.
-- KEYS: where the organization's holds are. ARGV: of each its id, how many requests it is, tokens, nano-dollars.
local slot = string.sub(KEYS[1], 1, -2)
-- While the past is asked for, who asks must still be able to tell what was settled before; see ask.
local waiting, done = slot .. 'w', {}
local is_asked = call('EXISTS', slot .. 'q') == 1
if not is_asked then
  local n = call('LLEN', waiting)
  while n > 0 do
    call('HDEL', KEYS[1], unpack(call('LPOP', waiting, min(n, 1000))))
    n = n - 1000
  end
end
for a = 1, #ARGV - 3, 4 do
  local id, requests, tokens, nano_usd = ARGV[a], tonumber(ARGV[a + 1]), tonumber(ARGV[a + 2]), tonumber(ARGV[a + 3])
  local kept = call('HGET', KEYS[1], id)
  if kept and not is_mark(kept) then
    if string.sub(kept, 1, 1) ~= SETTLED then
      local flag, owner, name, who, numbers = record_of(kept)
      settle_recorded(KEYS[1], flag, name, who, numbers, requests, tokens, nano_usd)
      call('HSET', KEYS[1], id, record_text(SETTLED, owner, name, who, { numbers[1], tokens, nano_usd }))
    end
    done[#done + 1] = id
    if is_asked and requests > 0 then
      call('RPUSH', waiting, id)
    else
      call('HDEL', KEYS[1], id)
    end
  end
end
if is_asked then call('PEXPIRE', waiting, HOLDS_MS) end
return doubles({ #done })
