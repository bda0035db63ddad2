import type { PolicyBody } from '../../api/gateway.ts';

/** Returns how often a member is the first choice while all are in service, from 0 to 1. A simulation is more precise. */
export function shareOf(strategy: PolicyBody['strategy'], members: PolicyBody['members'], index: number): number {
  const member = members[index];
  if (member === undefined) return 0;
  const first = strategy === 'priority' ? Math.min(...members.map(({ priority }) => priority)) : 0;
  const among = strategy === 'priority' ? members.filter(({ priority }) => priority === first) : members;
  if (!among.includes(member)) return 0;
  const total = among.reduce((sum, { weight }) => sum + weight, 0);
  // If all weights are 0, this divides the share equally.
  return total === 0 ? 1 / among.length : member.weight / total;
}
