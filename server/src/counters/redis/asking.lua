-- Questions about the past that are open, and what came to be in the ledger while they were. Each question of an organization has a number,
-- higher than those before it. Beside the holds stand: `n` the latest number; `y` the open questions; `z` when each was last heard of; `x` of
-- each request that was stored while a question was open its name, a colon and when it was admitted, by the latest number at that time. So what
-- stands there by a lower number was stored before the question began, and the ledger's answer has it; it goes with the last question that needs it.

-- Who asks says so again and again. One of whom nothing was heard for so long has died, or will ask anew.
local QUESTION_MS = 10000
-- More is kept for nobody: whoever asks then asks anew.
local STORED_MAX = 200000
-- What a replica of the version before looks for, and writes as 1: while anybody asks, it keeps what it has stored among the holds, in `w`.
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

-- The lowest number of a question that is open, or nil. What no open question needs is dropped.
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
