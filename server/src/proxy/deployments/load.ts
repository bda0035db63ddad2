import type { DeploymentConfig } from '../../domain/routing/catalogue.ts';
import { isAtCapacity } from '../../domain/routing/routing.ts';
import type { Clock } from '../../lib/timing/clock.ts';

/** How busy deployments are against their advisory capacity. Steers routing and never refuses, so a fixed minute is exact enough. */
export interface DeploymentLoad {
  isFull(deployment: DeploymentConfig): boolean;
  /** An attempt is about to be sent there. Counted only where something is limited. */
  sent(deployment: DeploymentConfig): void;
  /** An attempt there used so many tokens. */
  used(deploymentId: string, tokens: number): void;
  /** What the present minute counts, and when it ends. */
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

  /** The present minute of what was ever counted, emptied when it is a new one. */
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
