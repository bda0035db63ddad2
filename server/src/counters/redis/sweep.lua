-- Ends the holds of a process that is gone: they count as used until their rows report the actual use. If the process is back and
-- has settled everything in its journal, the remaining requests were never sent to a provider. Their holds are given back in
-- full.
-- KEYS: the organization's holds. ARGV: the process, and whether it is back (1 or 0).
local is_back = ARGV[2] == '1'
local swept, cursor = 0, '0'
repeat
  local page = call('HSCAN', KEYS[1], cursor, 'COUNT', 1000)
  cursor = page[1]
  for n = 1, #page[2], 2 do
    local id, kept = page[2][n], page[2][n + 1]
    local is_its = string.sub(kept, 2, 1 + OWNER_LENGTH) == ARGV[1]
    local flag = string.sub(kept, 1, 1)
    if is_its and (flag == HELD_NOW or (is_back and flag == SWEPT)) then
      local _, owner, name, who, numbers = record_of(kept)
      local tokens, nano_usd = 0, 0
      if not is_back then
        for part = 1, #numbers - 2, 3 do
          tokens, nano_usd = tokens + numbers[part + 1], nano_usd + numbers[part + 2]
        end
      end
      settle_recorded(KEYS[1], flag, name, who, numbers, is_back and 0 or 1, tokens, nano_usd)
      if is_back then
        call('HDEL', KEYS[1], id)
      else
        call('HSET', KEYS[1], id, record_text(SWEPT, owner, name, who, numbers))
      end
      swept = swept + 1
    end
  end
until cursor == '0'
return doubles({ swept })
