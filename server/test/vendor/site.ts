/** A gateway in front of a vendor's double, with what its books say of each request. Two builds: a house in this process, a gateway process. */
import type { VendorKind } from '../support/vendor-answers.ts';

/** A model to call, the deployments that may serve it, best first, and what is called when all fail. It has a key of its own. */
export interface Route {
  readonly name: string;
  readonly deployments: readonly RouteDeployment[];
  readonly fallbacks?: readonly string[];
}

export interface RouteDeployment {
  readonly kind: VendorKind | 'fake';
  readonly upstreamModel: string;
  readonly timeoutMs?: number;
}

export interface VendorSite {
  /** On the loopback address. */
  readonly port: number;
  /** The key of a route: only its calls move that key's counters. */
  secretOf(route: Route): string;
  /** What a route's key holds of all its limits and budgets, requests in flight included. */
  heldBy(route: Route): Promise<number>;
  /** What a route's key was charged so far, in nano-dollars, by its own budget's counter. */
  chargedTo(route: Route): Promise<number>;
  /** What the books say of a request, once it is settled; fails after a while. */
  rowOf(requestId: string): Promise<LoggedRow>;
  close(): Promise<void>;
}

export interface LoggedRow {
  readonly status: string;
  readonly httpStatus: number;
  readonly code: string | null;
  readonly attempts: number;
  readonly entries: readonly LoggedEntry[];
}

export interface LoggedEntry {
  readonly attempt: number;
  readonly kind: string;
  readonly input: number;
  readonly output: number;
  readonly nanoUsd: number;
}

/** Every deployment costs the same: 1 USD and 10 USD for a million tokens. */
export const NANO_USD_PER_TOKEN = { input: 1_000, output: 10_000 } as const;

/** A ledger entry as it should be. */
export function entry(
  attempt: number,
  kind: 'usage' | 'estimated',
  { input, output }: { input: number; output: number },
): LoggedEntry {
  const nanoUsd = input * NANO_USD_PER_TOKEN.input + output * NANO_USD_PER_TOKEN.output;
  return { attempt, kind, input, output, nanoUsd };
}
