import { encodeDecision } from '../domain/decision.ts';
import { LimitRefusal } from './admit.ts';
import type { Refusal } from './refusal.ts';
import type { Admission, Walk } from './walk.ts';

/** The decision that admitted a request, as its row keeps it. */
export function decisionOf({ standing, estimate, readings }: Admission): string {
  return encodeDecision(standing.plan.shapeId, standing.accessText, { wanted: estimate, answer: { readings, refusing: [] } });
}

/** The same for a refused request: with every reading when a limit refused, with the level that removed the name when access did. */
export function refusedDecision({ standing }: Walk, refusal: Refusal): string {
  if (standing === null) return '';
  const asked = refusal instanceof LimitRefusal ? { wanted: refusal.wanted, answer: refusal.result } : null;
  return encodeDecision(standing.plan.shapeId, standing.accessText, asked);
}
