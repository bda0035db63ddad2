/** Time as an argument: the system's in production, a manual one in tests and the simulation. */
export interface Clock {
  /** Returns the wall clock in milliseconds since the Unix epoch. May jump; only for what people and ledgers see. */
  nowMs(): number;
  /** Returns monotonic milliseconds from an arbitrary origin, with fractions. For durations only. */
  monotonicMs(): number;
}

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
};
