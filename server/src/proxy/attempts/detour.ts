import type { Detour } from '../../domain/routing/detours.ts';
import type { Candidate } from '../deployments/candidate.ts';
import type { Gateway } from '../gateway.ts';
import { detourOrder, hasDetour } from '../route.ts';
import type { Admission } from '../walk.ts';
import type { Failed } from './failed.ts';
import { noteDetour } from './tried.ts';

/**
 * Returns the candidates of the targets that serve what failed in this way, without those that were tried; null if there are none.
 * Each detour is taken once for a request.
 */
export function detourAfter({ detour }: Failed, admission: Admission, gateway: Gateway): readonly Candidate[] | null {
  if (detour === null || admission.entitlement.detours === null || admission.detoured.includes(detour)) return null;
  if (admission.attempts >= gateway.settings.attemptsMax) return null;
  const tried = triedIds(admission);
  const order = detourOrder(detour, admission, gateway).filter(({ deployment }) => !tried.has(deployment.id));
  if (order.length === 0) return null;
  admission.detoured = [...admission.detoured, detour];
  noteDetour(admission, detour);
  return order;
}

/**
 * Reports whether the next attempt could be followed by this detour's: a refusal in an answer is one only if another target can serve
 * then, and reaches the client otherwise. `hasNext`: the present order has a further candidate.
 */
export function mayDetour(detour: Detour, hasNext: boolean, admission: Admission, gateway: Gateway): boolean {
  const { asked, detoured, attempts, walk } = admission;
  // Of several answers one may be refused and others not.
  if (walk.endpoint.free || asked.facts.answers !== 1 || attempts + 1 >= gateway.settings.attemptsMax) return false;
  return detoured.includes(detour) ? hasNext : hasDetour(detour, triedIds(admission), admission, gateway);
}

function triedIds({ tried }: Admission): ReadonlySet<string> {
  return new Set(tried?.attempts.map(({ deploymentId }) => deploymentId));
}

/** Reports whether an attempt failed in the way for which its detour was taken: the next of it may be better. */
export function isOnDetour({ detour }: Failed, { detoured }: Admission): boolean {
  return detour !== null && detoured.includes(detour);
}
