/** An answer that was paused for fairness, not because its receiver asked for it. */
interface Resting {
  goOn(): void;
}

/**
 * The queue of answers that used up their share of the event loop. They are paused, and resume in later turns, a few in each, in
 * the order in which they were queued.
 */
const resting: Resting[] = [];

/** The bytes that one answer is read before others have their turn. A socket alone would deliver up to two megabytes. */
export const SHARE_BYTES = 64 * 1024;
/** The number of answers that resume in one turn: half a megabyte at most, a few milliseconds. Other calls take several turns. */
export const IN_TURN_MAX = 4;

/** Queues an answer to resume after those before it, and never in the current turn. */
export function goOnInTurn(answer: Resting): void {
  if (resting.push(answer) === 1) setImmediate(turn);
}

function turn(): void {
  const next = resting.splice(0, IN_TURN_MAX);
  if (resting.length > 0) setImmediate(turn);
  for (const answer of next) answer.goOn();
}
