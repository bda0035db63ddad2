/**
 * What is worked out of one stored row, or `otherwise` where that cannot be read (of a newer version, or damaged): a job goes on with all
 * others. Its own requests are refused and its process logs why.
 */
export function readable<T>(work: () => T, otherwise: T): T {
  try {
    return work();
  } catch {
    return otherwise;
  }
}
