import type { Readings } from '../../counters/counters.ts';
import { type DecisionReadings, type DecisionWanted, NEVER } from '../../domain/decision/decision.ts';
import type { HoldEstimate } from '../../domain/limits/hold.ts';
import { TextBuilder } from '../../lib/json/text-builder.ts';
import type { Entitlement } from '../entitlement.ts';
import { LimitRefusal } from '../limit-refusal.ts';
import type { Refusal } from '../refusal.ts';
import type { Walk } from '../walk.ts';

/** The decision that admitted a request, as its row keeps it. */
export function admittedDecision(entitlement: Entitlement, estimate: HoldEstimate, readings: Readings): string {
  return encodeDecision(entitlement.plan.shapeId, entitlement.accessText, {
    wanted: estimate,
    answer: { readings, refusing: [] },
  });
}

/** The same for a refused request: with every reading when a limit refused, with the level that removed the name when access did. */
export function refusedDecision({ entitlement }: Walk, refusal: Refusal): string {
  if (entitlement === null) return '';
  const asked = refusal instanceof LimitRefusal ? { wanted: refusal.wanted, answer: refusal.result } : null;
  return encodeDecision(entitlement.plan.shapeId, entitlement.accessText, asked);
}

/**
 * A decision as a row keeps it: `shape|access|numbers`. On the hot path, so written straight as text. `asked` is null when access refused
 * and no rule was asked.
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
