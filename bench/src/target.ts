/** One gateway under test: where its calls go, which process is charged for them, and how to wait until it has booked them. */
import type { Headgate, Subject, Totals } from './headgate.ts';
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

/** A Headgate whose answers are booked from now on. */
export function bookedTarget(
  name: string,
  { gateway }: Pick<Headgate, 'gateway'>,
  { to, settled }: Pick<Subject, 'to' | 'settled'>,
): Target {
  return { name, pid: gateway.pid, json: to, stream: to, books: { seen: { answered: 0, brokenOff: 0 }, settled } };
}
