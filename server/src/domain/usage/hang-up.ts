/** A deployment's handling of an upstream call whose client hung up; null: the gateway's default. */
export type OnHangup = 'finish' | 'stop' | null;

/**
 * Decides what happens to a call that was sent in full if its client hangs up before the end of the answer. By default only a
 * non-streamed answer under a `block` budget is read to its end: the provider makes it in full anyway.
 */
export function afterHangUp(
  onHangup: OnHangup,
  call: { readonly isStreamed: boolean; readonly isBudgeted: boolean },
): 'finish' | 'stop' {
  return onHangup ?? (call.isBudgeted && !call.isStreamed ? 'finish' : 'stop');
}

/** The facts about the output of an answer whose usage was not reported. Whole tokens, all choices together. */
export interface UnreportedOutput {
  /** The delivered tokens, estimated from bytes. */
  readonly delivered: number;
  /** The usual hidden output for this key and name. */
  readonly usualHidden: number;
  /** The most tokens that can have been made until now; Infinity if time sets no bound. */
  readonly possible: number;
  /** The tokens that the money held for this attempt pays for. */
  readonly held: number;
  /** True if `held` is a true upper bound. More tokens cannot have been made then, whatever the bytes suggest. */
  readonly isBounded: boolean;
}

/**
 * Estimates the output: the delivered and the usual hidden tokens, but no more than can have been made or was held. Never below
 * the delivered tokens, unless a true upper bound is lower.
 */
export function estimatedOutput(known: UnreportedOutput): number {
  const { delivered, usualHidden, possible, held, isBounded } = known;
  const estimated = Math.max(delivered, Math.min(delivered + usualHidden, possible, held));
  return isBounded ? Math.min(estimated, held) : estimated;
}

/**
 * Returns the output to charge after a hang-up under a `block` budget: the most that can have been made until then, so that
 * hanging up never saves money.
 */
export function outputMadeAtMost(known: UnreportedOutput): number {
  const { delivered, possible, held, isBounded } = known;
  const made = Math.max(delivered, Math.min(possible, held));
  return isBounded ? Math.min(made, held) : made;
}
