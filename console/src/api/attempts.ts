import type { Schema } from './client.ts';

/** One call of a provider for a request. */
export type Attempt = Schema<'Attempt'>;

export type DeploymentState = 'in_service' | 'degraded' | 'failing' | 'unused';

/** The attempts at a deployment in the counted span, which is the last hour. */
export interface DeploymentAttempts {
  readonly since: string;
  readonly attempts: number;
  readonly errors: number;
  /** The part of the errors that the provider blamed on the request. They do not count for the state. */
  readonly caller_errors?: number;
  readonly error_rate: number | null;
  readonly p50_ms: number | null;
  readonly p95_ms: number | null;
  readonly last_error: {
    readonly time: string;
    readonly code: string | null;
    readonly status: number | null;
    readonly message: string | null;
    readonly request_id: string;
    readonly organization_id: string;
  } | null;
  /** The time since which no attempt succeeded. Null if the last one succeeded. */
  readonly failing_since: string | null;
}

/** The part of a deployment that tells how its attempts end. Absent while a server of the version before answers. */
export interface Counted {
  readonly attempts?: DeploymentAttempts;
  readonly state?: DeploymentState;
  /** The rule of the state, in a sentence. */
  readonly state_rule?: string;
}
