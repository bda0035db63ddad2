/**
 * One HTTP exchange as the walk sees it: plain values and five verbs, never a server library's objects, so that another listener can carry
 * the same walk.
 */
export interface GatewayRequest {
  readonly method: string;
  /** Raw path without the query; not decoded. */
  readonly path: string;
  /** The query without `?`; empty when there is none. */
  readonly query: string;
  /** A header's value by lower-case name. */
  header(name: string): string | undefined;
  /** Flat name/value pairs as they arrived, duplicates included. */
  readonly rawHeaders: readonly string[];
  /** Empty while a request is judged on its head. */
  body: Buffer;
  /** The address of the peer, which may be a proxy's; empty where there is none. */
  readonly remoteAddress: string;
  /** Monotonic milliseconds when the request's head arrived. */
  readonly startedMs: number;
}

/** Where the answer goes. `head` once, then chunks, then `end` once. After the client is gone every verb does nothing. */
export interface Reply {
  head(status: number, headers: string[]): void;
  /** False: the client reads more slowly than we write. Stop until `onDrained` calls back. */
  chunk(bytes: Buffer): boolean;
  end(bytes: Buffer | null): void;
  /** Break the transfer, so that the client can tell it from a complete answer. */
  destroy(): void;
  /** True once the client hung up before its answer was complete. */
  readonly gone: boolean;
  /** At most one listener each; a later one replaces it. */
  onGone(callback: () => void): void;
  onDrained(callback: () => void): void;
}
