import type { Readings } from '../../counters/counters.ts';
import { type DecisionReadings, type DecisionWanted, NEVER } from '../../domain/decision/decision.ts';
import type { HoldEstimate } from '../../domain/limits/hold.ts';
import { TextBuilder } from '../../lib/json/text-builder.ts';
import type { Entitlement } from '../entitlement.ts';
import { LimitRefusal } from '../limit-refusal.ts';
import type { Refusal } from '../refusal.ts';
import type { Walk } from '../walk.ts';

/** Returns the decision that admitted a request, as encoded in its row. */
export function admittedDecision(entitlement: Entitlement, estimate: HoldEstimate, readings: Readings): string {
  return encodeDecision(entitlement.plan.shapeId, entitlement.accessText, {
    wanted: estimate,
    answer: { readings, refusing: [] },
  });
}

/** Returns the decision that refused a request: every reading if a limit refused, else each level's access. */
export function refusedDecision({ entitlement }: Walk, refusal: Refusal): string {
  if (entitlement === null) return '';
  const asked = refusal instanceof LimitRefusal ? { wanted: refusal.wanted, answer: refusal.result } : null;
  return encodeDecision(entitlement.plan.shapeId, entitlement.accessText, asked);
}

/**
 * Encodes a decision for a row: `shape|access|numbers`. It runs for every request, so it writes text directly. `asked` is null if
 * no rule was checked, for example because access refused.
 */
export function encodeDecision(
  shapeId: string,
  access: string,
  asked: { readonly wanted: DecisionWanted; readonly answer: DecisionReadings } | null,
): string {
  if (asked === null) return `|${access}|`;
  const { wanted, answer } = asked;
  const { used, held } = answer.readings;
  numbers.begin();
  numbers.int(wanted.tokens);
  addNumber(wanted.nanoUsd);
  addNumber(answer.refusing.length);
  for (const { rule, retryAfterMs } of answer.refusing) {
    addNumber(rule);
    addNumber(retryAfterMs === null ? NEVER : Math.ceil(retryAfterMs));
  }
  for (let at = 0; at < used.length; at += 1) {
    addNumber(used[at] as number);
    addNumber(held[at] as number);
  }
  return `${shapeId}|${access}|${numbers.take()}`;
}

const numbers = new TextBuilder();

function addNumber(value: number): void {
  numbers.text(',');
  numbers.int(value);
}
