import type { DeploymentConfig } from '../domain/routing/catalogue.ts';
import type { EndRecord } from '../ledger/records.ts';
import type { Endpoint } from '../proxy/endpoints/endpoint.ts';
import type { TraceContext } from './trace-context.ts';

/** Follows requests for a collector of traces. Told only what a request's row holds anyway: never a body, a header or a secret. */
export interface Tracing {
  /** Begins the span of a request whose key is known; its parent is the caller's, where there is one. */
  begin(request: TracedRequest): RequestTrace;
}

export interface TracedRequest {
  readonly endpoint: Endpoint;
  readonly parent: TraceContext | null;
  /** Monotonic milliseconds when it came. */
  readonly startedMs: number;
}

/** One request's span and the spans of its attempts, one after the other. */
export interface RequestTrace {
  /** For a line of the log to be found by. */
  readonly traceId: string;
  /** Begins an attempt's span. Returns the headers that make it the parent of whatever the provider records, as flat pairs. */
  attempt(deployment: DeploymentConfig): readonly string[];
  /** The attempt became the answer, of which these are the first bytes. */
  answered(first: Buffer): void;
  /** The attempt failed. `why` is from a closed list. */
  failed(why: string): void;
  /** The request is over, whichever way: this is its row. */
  end(record: EndRecord): void;
}
