import type { DeploymentConfig } from '../../domain/routing/catalogue.ts';
import { FastestPace, PACED_TOKENS_MIN } from '../../domain/usage/pace.ts';
import { outputTokens, type Usage } from '../../domain/usage/usage.ts';

/** The pace at which deployments make their answers, as this process has measured it since it started. */
export interface DeploymentPace {
  /**
   * Adds a complete answer whose usage the provider reported. `tookMs`: from sending the call to the last byte. Do not add
   * answers that were paused: they show how fast they were read.
   */
  answered(deployment: DeploymentConfig, usage: Usage, choices: number, tookMs: number): void;
  /** Returns the pace of the deployment: the most tokens a second that it is assumed to make of one choice. */
  perSecond(deployment: DeploymentConfig): number;
}

interface Known {
  readonly upstreamModel: string;
  readonly pace: FastestPace;
}

/** The least duration assumed for an answer. */
const TOOK_MS_MIN = 1;

export function createDeploymentPace(): DeploymentPace {
  const known = new Map<string, Known>();
  const nothing = new FastestPace();

  /** Returns the measured pace of the deployment's current upstream model; null if there is none. */
  function paceOf({ id, upstreamModel }: DeploymentConfig): FastestPace | null {
    const one = known.get(id);
    return one?.upstreamModel === upstreamModel ? one.pace : null;
  }

  return {
    answered(deployment, usage, choices, tookMs) {
      const tokens = outputTokens(usage) / choices;
      if (tokens < PACED_TOKENS_MIN) return;
      let pace = paceOf(deployment);
      if (pace === null) {
        pace = new FastestPace();
        known.set(deployment.id, { upstreamModel: deployment.upstreamModel, pace });
      }
      pace.add((tokens * 1_000) / Math.max(TOOK_MS_MIN, tookMs));
    },
    perSecond: (deployment) => (paceOf(deployment) ?? nothing).perSecond(),
  };
}
