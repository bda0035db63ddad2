/** How a deployment treats an upstream call whose client hung up; null: by the gateway's own rule. */
export type OnHangup = 'finish' | 'stop' | null;

/**
 * What happens to a call that was sent in full when its client hangs up before the answer's end. By itself only a whole answer that a `block`
 * budget covers is read to its end: it is made in full whether or not somebody waits.
 */
export function afterHangUp(
  onHangup: OnHangup,
  call: { readonly isStreamed: boolean; readonly isBudgeted: boolean },
): 'finish' | 'stop' {
  return onHangup ?? (call.isBudgeted && !call.isStreamed ? 'finish' : 'stop');
}

/** What is known of the output of an answer whose usage was not reported. Whole tokens, all choices together. */
export interface UnreportedOutput {
  /** What came of it, by its bytes. */
  readonly delivered: number;
  /** Hidden output that is usual for this key and name. */
  readonly usualHidden: number;
  /** What can have been made until now; Infinity where time bounds nothing. */
  readonly possible: number;
  /** What the money held for this attempt pays for. */
  readonly held: number;
  /** Whether that is a true upper bound: more can then not have been made, whatever its bytes say. */
  readonly isBounded: boolean;
}

/** The estimate: what was delivered and what is usually hidden, but no more than can have been made or was held for. Never below what was delivered. */
export function estimatedOutput(known: UnreportedOutput): number {
  const { delivered, usualHidden, possible, held, isBounded } = known;
  const estimated = Math.max(delivered, Math.min(delivered + usualHidden, possible, held));
  return isBounded ? Math.min(estimated, held) : estimated;
}

/** What hanging up costs under a `block` budget: all that can have been made until then, for what was used may not be saved by it. */
export function outputMadeAtMost(known: UnreportedOutput): number {
  const { delivered, possible, held, isBounded } = known;
  const made = Math.max(delivered, Math.min(possible, held));
  return isBounded ? Math.min(made, held) : made;
}
