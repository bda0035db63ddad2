import type { Readings } from '../counters/counters.ts';
import { encodeDecision } from '../domain/decision.ts';
import type { HoldEstimate } from '../domain/hold.ts';
import { LimitRefusal } from './limit-refusal.ts';
import type { Refusal } from './refusal.ts';
import type { Standing } from './standing.ts';
import type { Walk } from './walk.ts';

/** The decision that admitted a request, as its row keeps it. */
export function admittedDecision(standing: Standing, estimate: HoldEstimate, readings: Readings): string {
  return encodeDecision(standing.plan.shapeId, standing.accessText, { wanted: estimate, answer: { readings, refusing: [] } });
}

/** The same for a refused request: with every reading when a limit refused, with the level that removed the name when access did. */
export function refusedDecision({ standing }: Walk, refusal: Refusal): string {
  if (standing === null) return '';
  const asked = refusal instanceof LimitRefusal ? { wanted: refusal.wanted, answer: refusal.result } : null;
  return encodeDecision(standing.plan.shapeId, standing.accessText, asked);
}
