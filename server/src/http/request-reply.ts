/**
 * An HTTP request and its answer as plain values, and the two readers that produce them.
 *
 * Problem. The general HTTP libraries on both sides took more than a third of the processor time of a plain request
 * (docs/adr/0018-the-fast-lane.md). But HTTP has many forms, and a custom reader that accepts all of them invites request
 * smuggling.
 *
 * Approach. fast/ reads what nearly all clients send, a plain POST with a length, directly on the socket. At the first message
 * that is anything else it hands the connection, with that message unread, to node/, which is `node:http` and reads everything. A
 * connection that was handed over does not return, so no message is read by both. `HEADGATE_FAST_LANE=off` leaves everything to
 * node/. Upstream connections are split in the same way (upstream/fast).
 *
 * Both readers bound the head, the body, the time they take and the memory they take together. A body that does not arrive with
 * its head is read only after the head was judged (proxy/head.ts), and not at all if the request is refused.
 *
 * Invariants. Both readers give the same values for the same bytes, or the fast one declines: a fuzzer compares them
 * (server/test/lane). Once the client has disconnected, every method of `Reply` does nothing. One connection answers its requests
 * in order.
 *
 * What breaks it. Accepting in fast/ what `node:http` refuses. Passing on a header's bytes unchecked: a line break in a value
 * would start a second header.
 */

import type { Bytes } from '../lib/pieces.ts';
import type { SpooledForm } from '../lib/spool/spooled-form.ts';

/** A request as plain values, without a server library's objects. */
export interface GatewayRequest {
  readonly method: string;
  /** The raw path without the query; not decoded. */
  readonly path: string;
  /** The query without `?`; empty when there is none. */
  readonly query: string;
  /** Returns a header's value by its lower-case name. */
  header(name: string): string | undefined;
  /** Flat name/value pairs as they arrived, duplicates included. */
  readonly rawHeaders: readonly string[];
  /** The request's body. Empty while a request is judged on its head. In pieces only if it is large and not read yet. */
  body: Bytes;
  /** The form, if the body is a large one: then `body` is empty. Absent for all other bodies. */
  readonly form?: SpooledForm;
  /** The address of the peer, which may be a proxy's; empty if the socket has none. */
  readonly remoteAddress: string;
  /** The time at which the request's head arrived, in monotonic milliseconds. */
  readonly startedMs: number;
}

/** Writes one answer: `head`, any number of chunks, `end`. Every method does nothing once the client has disconnected. */
export interface Reply {
  head(status: number, headers: string[]): void;
  /** Writes a piece of the body. Returns false if the client reads too slowly: then wait until `onDrained` calls back. */
  chunk(bytes: Buffer): boolean;
  end(bytes: Buffer | null): void;
  /** Breaks off the transfer, so that the client can distinguish it from a complete answer. */
  destroy(): void;
  /** True once the client hung up before its answer was complete. */
  readonly gone: boolean;
  /** Called once when the client hangs up. `onGone` and `onDrained` keep one listener each; a later one replaces it. */
  onGone(callback: () => void): void;
  onDrained(callback: () => void): void;
}
