/** A gateway under test: the destination of its calls, the process to charge, and a way to wait until its usage is stored. */
import type { Headgate, Subject, Totals } from './headgate.ts';
import type { Destination } from './wire.ts';

export interface Target {
  readonly name: string;
  readonly pid: number;
  readonly json: Destination;
  readonly stream: Destination;
  /** Present only if the gateway stores usage. */
  readonly books?: Books;
}

export interface Books {
  /** Answers that a client read, and calls that it broke off. A call that was broken off may be stored or not. */
  readonly seen: { answered: number; brokenOff: number };
  settled(requests: number): Promise<Totals>;
}

/** Returns a target for a Headgate whose answers are counted from now on. */
export function bookedTarget(
  name: string,
  { gateway }: Pick<Headgate, 'gateway'>,
  { to, settled }: Pick<Subject, 'to' | 'settled'>,
): Target {
  return { name, pid: gateway.pid, json: to, stream: to, books: { seen: { answered: 0, brokenOff: 0 }, settled } };
}
