import type { DeploymentConfig } from '../domain/routing/catalogue.ts';
import type { EndRecord } from '../ledger/records.ts';
import type { Endpoint } from '../proxy/endpoints/endpoint.ts';
import type { TraceContext } from './trace-context.ts';

/** Records requests for a collector of traces. Spans hold only what a request's row holds: never a body, a header or a secret. */
export interface Tracing {
  /** Begins the span of a request whose key is known. Its parent is the caller's span, if there is one. */
  begin(request: TracedRequest): RequestTrace;
}

export interface TracedRequest {
  readonly endpoint: Endpoint;
  readonly parent: TraceContext | null;
  /** The time at which the request arrived, in monotonic milliseconds. */
  readonly startedMs: number;
}

/** One request's span and the spans of its attempts, which follow one another. */
export interface RequestTrace {
  /** The trace's id, for log lines. */
  readonly traceId: string;
  /** Begins an attempt's span. Returns headers, as flat pairs, that make it the parent of the spans that the provider records. */
  attempt(deployment: DeploymentConfig): readonly string[];
  /** Records that the attempt became the answer. `first`: the answer's first bytes. */
  answered(first: Buffer): void;
  /** Ends the span of a failed attempt. `why` is from a closed list. */
  failed(why: string): void;
  /** Ends the request's span, however the request ended. `record` is its row. */
  end(record: EndRecord): void;
}
