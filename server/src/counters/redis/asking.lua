-- Open questions about the past, and the requests stored in the ledger while they are open. Each question of an organization has
-- a number, higher than those before it. Keys beside the holds: `n`, the latest number; `y`, the open questions; `z`, the last
-- signal of each; `x`, the requests stored while a question was open. An entry of `x` is a request's name, a colon and its
-- admission time, scored by the latest number at that time. So an entry with a lower number was stored before the question began,
-- and the ledger's answer includes it. It is deleted with the last question that needs it.

-- A process signals repeatedly that its question is open. After this long without a signal, the process has died or will ask
-- again.
local QUESTION_MS = 10000
-- The most entries of `x`. Beyond it all questions are dropped, and their processes ask again.
local STORED_MAX = 200000
-- For replicas of the previous version: the key that they look for, and set to 1 while they ask. Meanwhile stored requests stay
-- among the holds, and their names are listed in `w`.
local BESIDE = 'q'

local function has_ended_early(slot, number)
  return not call('ZSCORE', slot .. 'y', number)
end

local function close_question(slot, number)
  call('ZREM', slot .. 'y', number)
  call('HDEL', slot .. 'z', number)
end

local function hear_of(slot, number, now)
  call('HSET', slot .. 'z', number, whole(now))
  if call('GET', slot .. BESIDE) ~= '1' then call('SET', slot .. BESIDE, 2, 'PX', QUESTION_MS) end
  for _, name in ipairs({ 'n', 'y', 'z' }) do call('PEXPIRE', slot .. name, HOLDS_MS) end
end

local function open_question(slot, now)
  local number = call('INCR', slot .. 'n')
  call('ZADD', slot .. 'y', number, number)
  hear_of(slot, number, now)
  return number
end

-- Returns the lowest number of an open question, or nil. Deletes what no open question needs.
local function oldest_question(slot, now)
  while true do
    local number = call('ZRANGE', slot .. 'y', 0, 0)[1]
    if not number or call('ZCARD', slot .. 'x') > STORED_MAX then
      call('UNLINK', slot .. 'x', slot .. 'y', slot .. 'z')
      return nil
    end
    if now - tonumber(call('HGET', slot .. 'z', number) or 0) < QUESTION_MS then
      call('ZREMRANGEBYSCORE', slot .. 'x', '-inf', '(' .. number)
      return tonumber(number)
    end
    close_question(slot, number)
  end
end
