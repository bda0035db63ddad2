import type { Clock } from '../../lib/timing/clock.ts';

/** Whether a deployment may be tried: in service, resting, or resting and due for one probe. */
export type Fitness = 'fit' | 'cooling' | 'probe';

export interface DeploymentHealth {
  fitness(deploymentId: string): Fitness;
  /** A probe was sent: until it ends, or its time is up, no second one is. */
  probing(deploymentId: string): void;
  succeeded(deploymentId: string): void;
  /** `retryAfterMs`: what the provider asked for, else null. */
  failed(deploymentId: string, retryAfterMs: number | null): void;
  /** Every deployment that is resting, for metrics and status pages. */
  cooling(): readonly { readonly deploymentId: string; readonly untilMs: number }[];
}

const FAILURES_MAX = 3;
const COOL_MS_FIRST = 5_000;
const COOL_MS_MAX = 60_000;
/** A probe that never reports back must not keep a deployment out of service for ever. */
const PROBE_MS_MAX = 30_000;

interface State {
  failures: number;
  coolMs: number;
  untilMs: number;
  probeUntilMs: number;
}

/**
 * Cooldown per deployment: after three failures in a row, or when a provider says when to come back, it rests for 5 s, doubling up to a
 * minute; then one request probes it, and its outcome closes or renews the rest. Times are monotonic.
 */
export function createDeploymentHealth(clock: Clock): DeploymentHealth {
  const states = new Map<string, State>();

  function stateOf(deploymentId: string): State {
    const known = states.get(deploymentId);
    if (known !== undefined) return known;
    const state = { failures: 0, coolMs: 0, untilMs: 0, probeUntilMs: 0 };
    states.set(deploymentId, state);
    return state;
  }

  return {
    fitness(deploymentId) {
      const state = states.get(deploymentId);
      if (state === undefined || state.untilMs === 0) return 'fit';
      const nowMs = clock.monotonicMs();
      if (nowMs < state.untilMs) return 'cooling';
      return nowMs < state.probeUntilMs ? 'cooling' : 'probe';
    },
    probing(deploymentId) {
      stateOf(deploymentId).probeUntilMs = clock.monotonicMs() + PROBE_MS_MAX;
    },
    succeeded(deploymentId) {
      states.delete(deploymentId);
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
      return [...states]
        .filter(([, state]) => state.untilMs > nowMs)
        .map(([deploymentId, { untilMs }]) => ({ deploymentId, untilMs }));
    },
  };
}
