/** An answer that was told to pause although its receiver did not ask for it. */
interface Resting {
  goOn(): void;
}

/**
 * Whose answers came faster than everybody's share of the event loop: they were told to pause and go on in a later turn, a few in each, in the
 * order in which they had their share.
 */
const resting: Resting[] = [];

/** What one answer is read of before others have their turn. A socket alone would give two megabytes. */
export const SHARE_BYTES = 64 * 1024;
/** So many in a turn: half a megabyte at most, which is a few milliseconds. A call of somebody else takes several turns. */
export const IN_TURN_MAX = 4;

/** Goes on when those before it had their turn, and never in this one. */
export function goOnInTurn(answer: Resting): void {
  if (resting.push(answer) === 1) setImmediate(turn);
}

function turn(): void {
  const next = resting.splice(0, IN_TURN_MAX);
  if (resting.length > 0) setImmediate(turn);
  for (const answer of next) answer.goOn();
}
