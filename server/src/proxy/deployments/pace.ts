import type { DeploymentConfig } from '../../domain/routing/catalogue.ts';
import { FastestPace, PACED_TOKENS_MIN } from '../../domain/usage/pace.ts';
import { outputTokens, type Usage } from '../../domain/usage/usage.ts';

/** How fast deployments make their answers, as far as this process saw them since it started. */
export interface DeploymentPace {
  /**
   * An answer came to its last byte, `tookMs` after its call was sent, and its provider said what it used. Answers that somebody kept waiting
   * are not to be told: they say how fast they were read.
   */
  answered(deployment: DeploymentConfig, usage: Usage, choices: number, tookMs: number): void;
  /** The most tokens in a second that one choice is thought to be made at there. */
  perSecond(deployment: DeploymentConfig): number;
}

interface Known {
  readonly upstreamModel: string;
  readonly pace: FastestPace;
}

/** An answer that took no time that could be measured took this long. */
const TOOK_MS_MIN = 1;

export function createDeploymentPace(): DeploymentPace {
  const known = new Map<string, Known>();
  const nothing = new FastestPace();

  /** What is known of the model that is behind the deployment now. */
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
