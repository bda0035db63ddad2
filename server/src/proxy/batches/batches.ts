import type { Caller } from '../../domain/tenancy/tenancy.ts';
import type { Endpoint } from '../endpoints/endpoint.ts';
import type { CachedKey } from '../snapshot/cached-key.ts';

/** The request for a batch, checked as far as its text goes. */
export interface AskedBatch {
  readonly inputFileId: string;
  readonly endpoint: Endpoint;
  readonly metadata: Record<string, string> | null;
  /** The id of the request, before the counters say when it was admitted. */
  readonly requestId: string;
  readonly clientRequestId: string | null;
}

/** A page of batches, as the query of a list asks for it. */
export interface BatchesPage {
  readonly after: string | null;
  readonly order: 'asc' | 'desc';
  readonly limit: number;
}

/** Batches, as requests of the data plane use them. Each returns what OpenAI's API returns. */
export interface Batches {
  /** Makes a batch. Throws the refusal of whatever stands against it, and 503 if the database cannot be reached. */
  create(key: CachedKey, asked: AskedBatch): Promise<object>;
  find(caller: Caller, id: string): Promise<object>;
  list(caller: Caller, page: BatchesPage): Promise<object>;
  /** Asks for the end of a batch. Throws 400 if it is past the point at which it can be cancelled. */
  cancel(caller: Caller, id: string): Promise<object>;
}
