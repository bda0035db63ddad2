/**
 * Bytes in: an HTTP request and its answer as plain values, and two readers that make them.
 *
 * Problem. The general HTTP libraries on both sides took more than a third of the processor time of a plain request (docs/adr/0018-the-fast-lane.md).
 * But HTTP has many forms, and a reader of one's own that reads them all is where request smuggling begins.
 *
 * Approach. fast/ reads what nearly all clients send, a plain POST with a length, directly on the socket. At the first message that is anything
 * else it hands the connection, with that message unread, to node/, which is `node:http` and reads everything. Nothing is ever read twice by two
 * rules: a connection that was handed over does not come back. `HEADGATE_FAST_LANE=off` leaves everything to node/. Upstream connections are
 * split in the same way (upstream/fast).
 *
 * Both readers bound the head, the body, the time they take and the memory they take together. A body that did not come with its head is read
 * only after the head was judged (proxy/head.ts): who is refused sends nothing.
 *
 * Invariants. Both readers give the same values for the same bytes, or the fast one declines: a fuzzer compares them (server/test/lane). After the
 * client is gone every verb of `Reply` does nothing. One connection answers its requests in order.
 *
 * What breaks it. Accepting in fast/ what `node:http` refuses. Passing on a header's bytes that were not judged: a line break in a value would be
 * a second header.
 */

/** A request as the walk sees it: plain values, never a server library's objects. */
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
