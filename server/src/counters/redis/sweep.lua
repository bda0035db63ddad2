-- What a process that is gone held stands as used, until its row says better; nothing of it is in flight any more.
-- KEYS: where the organization's holds are. ARGV: the process.
local swept, cursor = 0, '0'
repeat
  local page = call('HSCAN', KEYS[1], cursor, 'COUNT', 1000)
  cursor = page[1]
  for n = 1, #page[2], 2 do
    local kept = page[2][n + 1]
    if string.sub(kept, 1, 1) == HELD_NOW and string.sub(kept, 2, 1 + OWNER_LENGTH) == ARGV[1] then
      local flag, owner, name, who, numbers = record_of(kept)
      local tokens, nano_usd = 0, 0
      for part = 1, #numbers - 2, 3 do
        tokens, nano_usd = tokens + numbers[part + 1], nano_usd + numbers[part + 2]
      end
      settle_recorded(KEYS[1], flag, name, who, numbers, 1, tokens, nano_usd)
      call('HSET', KEYS[1], page[2][n], record_text(SWEPT, owner, name, who, numbers))
      swept = swept + 1
    end
  end
until cursor == '0'
return doubles({ swept })
