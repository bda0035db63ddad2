/** One gateway under test: where its calls go, which process is charged for them, and how to wait until it has booked them. */
import type { Totals } from './headgate.ts';
import type { Destination } from './wire.ts';

export interface Target {
  readonly name: string;
  readonly pid: number;
  readonly json: Destination;
  readonly stream: Destination;
  /** Only where answers are booked: how many were answered so far, and what is on the books once that many are settled. */
  readonly books?: Books;
}

export interface Books {
  /** Answers read by a client, and calls broken off by one: each of those may be on the books or not. */
  readonly seen: { answered: number; brokenOff: number };
  settled(requests: number): Promise<Totals>;
}
