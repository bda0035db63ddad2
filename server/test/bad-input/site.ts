/** A gateway that is asked badly: whom it knows, what reached its provider, what it charged. Two builds: a house, and a gateway process. */

export interface BadInputSite {
  /** On the loopback address. */
  readonly port: number;
  readonly secrets: Secrets;
  /** Calls that reached a provider. */
  upstreamCalls(): number;
  /** Everything that was charged to anybody, in nano-dollars. */
  charged(): Promise<number>;
  /** Words that no answer may hold: paths, secrets. */
  readonly unspeakable: readonly string[];
  close(): Promise<void>;
}

/** Keys of one organization, which may call `good` and not `hidden`. */
export interface Secrets {
  readonly good: string;
  /** Narrowed to nothing. */
  readonly narrowed: string;
  readonly revoked: string;
  readonly disabled: string;
  readonly expired: string;
  /** Well-formed, and never given out here. */
  readonly foreign: string;
}

/** What the table calls: one that answers, one not granted to the organization, one that serves embeddings. */
export const MODELS = { good: 'good', hidden: 'hidden', embedding: 'good-embedding' } as const;
