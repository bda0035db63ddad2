/** The state of a deployment or of a provider, named by its attempts. */

export const DEPLOYMENT_STATES = ['in_service', 'degraded', 'failing', 'unused'] as const;
export type DeploymentState = (typeof DEPLOYMENT_STATES)[number];

/** The attempts of a span of time, and what they say of the present. */
export interface AttemptCounts {
  readonly attempts: number;
  /** The attempts that failed. */
  readonly errors: number;
  /** The part of `errors` that the provider blamed on the request. They say nothing against the deployment. */
  readonly callerErrors: number;
  /** The time since which no attempt has succeeded, in milliseconds; null if the last one succeeded. */
  readonly failingSinceMs: number | null;
  /** The time of the last error that was not the caller's; null if there was none. */
  readonly lastFaultMs: number | null;
}

/** The share of failed attempts above which a deployment is degraded. */
const DEGRADED_RATE = 0.05;
/** The share of failed attempts from which a deployment is failing, if the last attempt failed. */
const FAILING_RATE = 0.5;
/** The time over which nothing succeeded from which a deployment is failing. */
const FAILING_MS = 5 * 60_000;

/** The rule of each state, in words for people. */
export const STATE_RULES: Readonly<Record<DeploymentState, string>> = {
  unused: 'No attempt was made in this time.',
  failing: 'The last attempt failed, and at least half of the attempts did, or all of them over five minutes or more.',
  degraded: 'More than 5% of the attempts failed.',
  in_service: 'At most 5% of the attempts failed.',
};

/** Names the state. Errors that the provider blamed on the request do not count. */
export function deploymentState({ attempts, errors, callerErrors, failingSinceMs, lastFaultMs }: AttemptCounts): DeploymentState {
  const judged = attempts - callerErrors;
  if (attempts <= 0) return 'unused';
  const rate = judged <= 0 ? 0 : (errors - callerErrors) / judged;
  if (rate > 0 && failingSinceMs !== null) {
    const failedForMs = lastFaultMs === null ? 0 : lastFaultMs - failingSinceMs;
    if (rate >= FAILING_RATE || failedForMs >= FAILING_MS) return 'failing';
  }
  return rate > DEGRADED_RATE ? 'degraded' : 'in_service';
}
