import type { CredentialConfig } from '../../domain/routing/credential.ts';
import type { Clock } from '../../lib/timing/clock.ts';
import { CredentialHealth } from './credential-health.ts';

/** The state of a deployment for routing: in service, cooling down, or due for one probe after its cooldown. */
export type Fitness = 'fit' | 'cooling' | 'probe';

export interface DeploymentHealth {
  /** `credential`: that of the deployment, if it has one. */
  fitness(deploymentId: string, credential?: CredentialConfig | null): Fitness;
  /** Records that a probe is being sent. No second one is sent until it ends or 30 s have passed. */
  probing(deploymentId: string, credential?: CredentialConfig | null): void;
  succeeded(deploymentId: string, credential?: CredentialConfig | null): void;
  /** Records a failure. `retryAfterMs`: the wait that the provider asked for, else null. */
  failed(deploymentId: string, retryAfterMs: number | null): void;
  /** Records, besides the failure, that the provider refused the credential (401 or 403). */
  refused(deploymentId: string, credential: CredentialConfig | null, status: number): void;
  /** Returns every deployment that is cooling down, for metrics and status pages. */
  cooling(): readonly { readonly deploymentId: string; readonly untilMs: number }[];
}

const FAILURES_MAX = 3;
const COOL_MS_FIRST = 5_000;
const COOL_MS_MAX = 60_000;
/** The longest wait for a probe's result, so that a lost probe does not keep a deployment out of service for ever. */
const PROBE_MS_MAX = 30_000;

interface State {
  failures: number;
  coolMs: number;
  untilMs: number;
  probeUntilMs: number;
}

/**
 * Tracks the health of deployments. After three consecutive failures, a deployment cools down for 5 s, doubling up to a minute.
 * If the provider names a wait, it cools down for that time at once, at most a minute. Then one request probes it, and the
 * outcome ends or renews the cooldown. A refused credential cools down all of its deployments. Times are monotonic.
 */
export function createDeploymentHealth(clock: Clock): DeploymentHealth {
  const states = new Map<string, State>();
  const credentials = new CredentialHealth(clock);

  function fitnessOfOwn(deploymentId: string): Fitness {
    const state = states.get(deploymentId);
    if (state === undefined || state.untilMs === 0) return 'fit';
    const nowMs = clock.monotonicMs();
    if (nowMs < state.untilMs) return 'cooling';
    return nowMs < state.probeUntilMs ? 'cooling' : 'probe';
  }

  function stateOf(deploymentId: string): State {
    const known = states.get(deploymentId);
    if (known !== undefined) return known;
    const state = { failures: 0, coolMs: 0, untilMs: 0, probeUntilMs: 0 };
    states.set(deploymentId, state);
    return state;
  }

  return {
    fitness(deploymentId, credential = null) {
      const own = fitnessOfOwn(deploymentId);
      if (own === 'cooling' || credential === null) return own;
      const shared = credentials.fitness(deploymentId, credential);
      return shared === 'fit' ? own : shared;
    },
    probing(deploymentId, credential = null) {
      stateOf(deploymentId).probeUntilMs = clock.monotonicMs() + PROBE_MS_MAX;
      if (credential !== null) credentials.probing(deploymentId, credential);
    },
    succeeded(deploymentId, credential = null) {
      states.delete(deploymentId);
      if (credential !== null) credentials.succeeded(credential);
    },
    refused(deploymentId, credential, status) {
      if (credential !== null) credentials.refused(deploymentId, credential, status);
    },
    failed(deploymentId, retryAfterMs) {
      const state = stateOf(deploymentId);
      state.failures += 1;
      state.probeUntilMs = 0;
      if (state.failures < FAILURES_MAX && retryAfterMs === null) return;
      state.coolMs = Math.min(COOL_MS_MAX, retryAfterMs ?? Math.max(COOL_MS_FIRST, state.coolMs * 2));
      state.untilMs = clock.monotonicMs() + state.coolMs;
    },
    cooling() {
      const nowMs = clock.monotonicMs();
      const own = [...states]
        .filter(([, state]) => state.untilMs > nowMs)
        .map(([deploymentId, { untilMs }]) => ({ deploymentId, untilMs }));
      const listed = new Set(own.map(({ deploymentId }) => deploymentId));
      return [...own, ...credentials.cooling().filter(({ deploymentId }) => !listed.has(deploymentId))];
    },
  };
}
