/** Limits a sum to the whole numbers that a double holds exactly: plus or minus 2^53-1. For sums of rows that may be damaged. */
export function heldExactly(sum: number): number {
  return Math.max(Number.MIN_SAFE_INTEGER, Math.min(Number.MAX_SAFE_INTEGER, sum));
}
