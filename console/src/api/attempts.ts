/** One call of a provider for a request. */
export interface Attempt {
  readonly attempt: number;
  readonly deployment_id: string;
  readonly provider: string;
  readonly upstream_model: string;
  /** Milliseconds since the request was admitted. */
  readonly started_ms: number;
  readonly took_ms: number;
  readonly result: 'answered' | 'error' | 'failed' | 'broken' | 'cancelled';
  readonly status: number | null;
  readonly code: string | null;
  /** The provider's own words, without secrets. */
  readonly message: string | null;
  readonly next: 'retried' | 'fell_back' | 'ended';
  readonly next_reason: string | null;
  readonly wait_ms: number | null;
  /** The deployments that were left when the request ended with this attempt, with the reason why each was not tried. */
  readonly not_tried?: readonly NotTried[];
}

export interface NotTried {
  readonly deployment_id: string;
  readonly reason: string;
}

export type DeploymentState = 'in_service' | 'degraded' | 'failing' | 'unused';

/** The attempts at a deployment in the counted span, which is the last hour. */
export interface DeploymentAttempts {
  readonly since: string;
  readonly attempts: number;
  readonly errors: number;
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
}
