import type { DeploymentConfig } from '../../domain/routing/catalogue.ts';
import { isAtCapacity } from '../../domain/routing/routing.ts';
import type { Clock } from '../../lib/timing/clock.ts';

/** The load of deployments against their advisory capacity. It only steers routing, so fixed minutes are exact enough. */
export interface DeploymentLoad {
  isFull(deployment: DeploymentConfig): boolean;
  /** Counts an attempt that is about to be sent. Counts nothing if the deployment has no limits. */
  sent(deployment: DeploymentConfig): void;
  /** Adds the tokens that an attempt used. */
  used(deploymentId: string, tokens: number): void;
  /** Returns the counts of the current minute, and the time until it ends. */
  read(deploymentId: string): DeploymentUse;
}

export interface DeploymentUse {
  readonly requests: number;
  readonly tokens: number;
  readonly resetsInMs: number;
}

interface Minute {
  minute: number;
  requests: number;
  tokens: number;
}

const MINUTE_MS = 60_000;

export function createDeploymentLoad(clock: Clock): DeploymentLoad {
  const minutes = new Map<string, Minute>();

  /** Returns a deployment's counts, reset if a new minute has begun; undefined if nothing was ever counted for it. */
  function minuteOf(deploymentId: string): Minute | undefined {
    const minute = minutes.get(deploymentId);
    if (minute === undefined) return undefined;
    const now = Math.floor(clock.monotonicMs() / MINUTE_MS);
    if (minute.minute !== now) {
      minute.minute = now;
      minute.requests = 0;
      minute.tokens = 0;
    }
    return minute;
  }

  function beginMinute(deploymentId: string): Minute {
    const minute = { minute: Math.floor(clock.monotonicMs() / MINUTE_MS), requests: 0, tokens: 0 };
    minutes.set(deploymentId, minute);
    return minute;
  }

  return {
    isFull({ id, limits }) {
      if (limits.rpm === null && limits.tpm === null) return false;
      const minute = minuteOf(id);
      return minute !== undefined && isAtCapacity(limits, minute);
    },
    sent({ id, limits }) {
      if (limits.rpm === null && limits.tpm === null) return;
      (minuteOf(id) ?? beginMinute(id)).requests += 1;
    },
    used(deploymentId, tokens) {
      const minute = minuteOf(deploymentId);
      if (minute !== undefined) minute.tokens += tokens;
    },
    read(deploymentId) {
      const { requests = 0, tokens = 0 } = minuteOf(deploymentId) ?? {};
      return { requests, tokens, resetsInMs: MINUTE_MS - (Math.floor(clock.monotonicMs()) % MINUTE_MS) };
    },
  };
}
