import type { CopyOutcome } from '../../domain/routing/mirror.ts';
import type { Clock } from '../../lib/timing/clock.ts';
import { createDeploymentHealth, type DeploymentHealth } from '../deployments/health.ts';
import { createDeploymentLoad, type DeploymentLoad } from '../deployments/load.ts';

/** The outcome of the copy of one request. It has nothing of its content. */
export interface CopyRecord {
  readonly organizationId: string;
  readonly requestId: string;
  readonly atMs: number;
  readonly calledName: string;
  readonly outcome: CopyOutcome;
  /** The reason for which there was no copy, or no answer to it; null if it was answered. */
  readonly reason: string | null;
  /** Null if no deployment was chosen. */
  readonly sent: SentCopy | null;
}

export interface SentCopy {
  readonly deploymentId: string;
  readonly provider: string;
  readonly upstreamModel: string;
  readonly httpStatus: number | null;
  readonly tookMs: number;
  readonly priceId: string | null;
  readonly usage: Readonly<Record<string, number>>;
  readonly nanoUsd: number | null;
  readonly isEstimated: boolean;
}

/** The state of one process's copies. */
export interface CopyState {
  /** The health of deployments as copies found it. Originals do not read it, so that no copy can cool down what serves them. */
  readonly health: DeploymentHealth;
  /** The use by copies, against their part of the capacity. */
  readonly load: DeploymentLoad;
  /** The functions that end the copies in flight. */
  readonly cuts: Set<() => void>;
  /** The number of copies that wait for their turn of the event loop. */
  waiting: number;
  /** True if no further copies are sent, because this process stops. */
  isStopped: boolean;
  /** Gets each record once. It neither throws nor waits. */
  readonly write: (record: CopyRecord) => void;
}

export function createCopyState(clock: Clock, write: (record: CopyRecord) => void): CopyState {
  const [health, load] = [createDeploymentHealth(clock), createDeploymentLoad(clock)];
  return { health, load, cuts: new Set(), waiting: 0, isStopped: false, write };
}

/** Ends all copies, and sends no further ones. */
export function stopCopies(state: CopyState): void {
  state.isStopped = true;
  for (const cut of [...state.cuts]) cut();
}
