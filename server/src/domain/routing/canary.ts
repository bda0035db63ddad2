/** Canaries: a share of the sessions of a called name goes to one of its deployments, or to another target, first. */
import { sessionDraw } from './sticky.ts';

export type Canary = {
  /** The share of sessions, in tenths of a percent: 0 to 1,000. */
  readonly permille: number;
} & ({ readonly deploymentId: string } | { readonly target: string });

export const PERMILLE_MAX = 1_000;

/**
 * Reports whether a number from 0 up to, not including, 1 is in the canary's share. A number that is in a share is in every larger
 * one, so sessions stay on their side while a share grows.
 */
export function isInCanary({ permille }: Pick<Canary, 'permille'>, drawn: number): boolean {
  return drawn * PERMILLE_MAX < permille;
}

/** Returns the number that a session draws for the canary of a called name, whatever that canary is. */
export function canaryDraw(organizationId: string, session: string, calledName: string): number {
  return sessionDraw(organizationId, session, `canary ${calledName}`);
}

/** Returns an order for one side of a canary: `isCanary` first for its sessions, and last for the others. */
export function canaryPlaced<One>(order: readonly One[], isCanary: (one: One) => boolean, isIn: boolean): readonly One[] {
  const [canary, rest] = [order.filter(isCanary), order.filter((one) => !isCanary(one))];
  return isIn ? [...canary, ...rest] : [...rest, ...canary];
}

/** Returns a stored canary; null for none, and for one of a form that this version does not know. */
export function canaryFrom(stored: unknown): Canary | null {
  if (typeof stored !== 'object' || stored === null) return null;
  const { permille, deploymentId, target, ...rest } = stored as Readonly<Record<string, unknown>>;
  const isShare = typeof permille === 'number' && Number.isInteger(permille) && permille >= 0 && permille <= PERMILLE_MAX;
  if (!isShare || Object.keys(rest).length > 0) return null;
  if (typeof deploymentId === 'string' && target === undefined) return Object.freeze({ permille, deploymentId });
  return typeof target === 'string' && deploymentId === undefined ? Object.freeze({ permille, target }) : null;
}
