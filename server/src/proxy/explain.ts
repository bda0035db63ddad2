import type { Readings, Refusing } from '../counters/counters.ts';
import { LimitRefusal } from './admit.ts';
import type { Refusal } from './refusal.ts';
import type { Admission, Walk } from './walk.ts';

/**
 * A decision as a row keeps it: `shape|access|numbers`. The rules' shape is kept once, so a row holds only numbers: tokens and nano-dollars
 * wanted, how many rules refused, each of those as (index, retry in ms or −1), then (used, held) per rule. Read by domain/decision.ts.
 */
export function decisionOf({ standing, estimate, readings }: Admission): string {
  return `${standing.plan.shapeId}|${standing.accessText}|${numbersOf(estimate.tokens, estimate.nanoUsd, readings, ADMITTED)}`;
}

/** The same for a request that was refused: by a limit with every reading, by access with the level that removed the name, else empty. */
export function refusedDecision(walk: Walk, refusal: Refusal): string {
  const { standing } = walk;
  if (standing === null) return '';
  if (!(refusal instanceof LimitRefusal)) return `|${standing.accessText}|`;
  const { readings, refusing } = refusal.result;
  return `${standing.plan.shapeId}|${standing.accessText}|${numbersOf(refusal.wanted.tokens, refusal.wanted.nanoUsd, readings, refusing)}`;
}

const ADMITTED: readonly Refusing[] = [];
const NEVER = -1;

function numbersOf(tokens: number, nanoUsd: number, { used, held }: Readings, refusing: readonly Refusing[]): string {
  let text = `${tokens},${nanoUsd},${refusing.length}`;
  for (const { rule, retryAfterMs } of refusing) text += `,${rule},${retryAfterMs === null ? NEVER : Math.ceil(retryAfterMs)}`;
  for (let at = 0; at < used.length; at += 1) text += `,${used[at]},${held[at]}`;
  return text;
}
