import type { PolicyBody } from '../../api/gateway.ts';

/**
 * Returns how often each member is the first choice while all are in service, from 0 to 1, in the order of the members. A
 * simulation is more precise.
 */
export function sharesOf({ strategy, members }: PolicyBody): readonly number[] {
  const lowest = Math.min(...members.map(({ priority }) => priority));
  const among = strategy === 'priority' ? members.filter(({ priority }) => priority === lowest) : members;
  const total = among.reduce((sum, { weight }) => sum + weight, 0);
  if (total > 0) return members.map((member) => (among.includes(member) ? member.weight / total : 0));
  // If no member has a weight, the gateway takes the first by id.
  const [first] = [...among].sort((a, b) => (isBefore(a.deployment_id, b.deployment_id) ? -1 : 1));
  return members.map((member) => Number(member === first));
}

/** Orders ids as the gateway does. A row without a deployment goes last. */
function isBefore(id: string, other: string): boolean {
  return other === '' || (id !== '' && id < other);
}

/** Returns shares as percentages with this many decimals that add up to 100: those that lose most by rounding are rounded up. */
export function percentsOf(shares: readonly number[], decimals = 0): readonly string[] {
  const whole = 100 * 10 ** decimals;
  const exact = shares.map((share) => share * whole);
  const floors = exact.map((value) => Math.floor(value + TOLERANCE));
  const sum = Math.round(exact.reduce((all, value) => all + value, 0));
  const missing = sum - floors.reduce((all, value) => all + value, 0);
  const byLoss = exact
    .map((value, index) => ({ index, loss: value - (floors[index] as number) }))
    .sort((a, b) => b.loss - a.loss);
  const raised = new Set(byLoss.slice(0, missing).map(({ index }) => index));
  return floors.map((value, index) => ((value + Number(raised.has(index))) / 10 ** decimals).toFixed(decimals));
}

/** The error of a share in binary, which would otherwise round 29 % down to 28. */
const TOLERANCE = 1e-6;
