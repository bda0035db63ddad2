import type { DeploymentConfig } from '../domain/catalogue.ts';
import type { Clock } from '../lib/clock.ts';

/** How busy deployments are against their advisory capacity. Steers routing and never refuses, so a fixed minute is exact enough. */
export interface DeploymentLoad {
  isFull(deployment: DeploymentConfig): boolean;
  add(deployment: DeploymentConfig, tokens: number): void;
}

interface Minute {
  minute: number;
  requests: number;
  tokens: number;
}

export function createDeploymentLoad(clock: Clock): DeploymentLoad {
  const minutes = new Map<string, Minute>();

  function minuteOf(deploymentId: string): Minute {
    const now = Math.floor(clock.monotonicMs() / 60_000);
    let minute = minutes.get(deploymentId);
    if (minute === undefined) {
      minute = { minute: now, requests: 0, tokens: 0 };
      minutes.set(deploymentId, minute);
    }
    if (minute.minute !== now) {
      minute.minute = now;
      minute.requests = 0;
      minute.tokens = 0;
    }
    return minute;
  }

  return {
    isFull({ id, limits }) {
      if (limits.rpm === null && limits.tpm === null) return false;
      const { requests, tokens } = minuteOf(id);
      return (limits.rpm !== null && requests >= limits.rpm) || (limits.tpm !== null && tokens >= limits.tpm);
    },
    add(deployment, tokens) {
      if (deployment.limits.rpm === null && deployment.limits.tpm === null) return;
      const minute = minuteOf(deployment.id);
      minute.requests += 1;
      minute.tokens += tokens;
    },
  };
}
