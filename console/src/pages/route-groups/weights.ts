import type { PolicyBody } from '../../api/gateway.ts';

/**
 * Returns how often each member is the first choice while all are in service, compared with the others, in the order of the
 * members. A simulation is more precise.
 */
export function weightsOf({ strategy, members }: Pick<PolicyBody, 'strategy' | 'members'>): readonly number[] {
  const lowest = Math.min(...members.map(({ priority }) => priority));
  const among = strategy === 'priority' ? members.filter(({ priority }) => priority === lowest) : members;
  if (among.some(({ weight }) => weight > 0)) return members.map((member) => (among.includes(member) ? member.weight : 0));
  // If no member has a weight, the gateway takes the first by id.
  const [first] = [...among].sort((a, b) => (isBefore(a.deployment_id, b.deployment_id) ? -1 : 1));
  return members.map((member) => Number(member === first));
}

/** Orders ids as the gateway does. A row without a deployment goes last. */
function isBefore(id: string, other: string): boolean {
  return other === '' || (id !== '' && id < other);
}

/** Reports whether weights and priorities alone decide the order. Other strategies compare what is measured, so no share is known. */
export function hasShares({ strategy }: Pick<PolicyBody, 'strategy'>): boolean {
  return strategy === 'weighted' || strategy === 'priority';
}
