import type { Schema } from './client.ts';

/** One call of a provider for a request. */
export type Attempt = Schema<'Attempt'>;

/** The attempts at a deployment in the counted span, which is about the last hour. */
export type DeploymentAttempts = Schema<'Attempts'>;

/** The part of a deployment that tells how its attempts end. */
export type Counted = Pick<Schema<'Deployment'>, 'attempts' | 'state' | 'state_rule'>;
