/**
 * Returns the result of `work` on one stored row, or `otherwise` if the row is damaged or of a newer version. So a job continues
 * with the others. Requests that need that row are refused, and the process logs why.
 */
export function readable<T>(work: () => T, otherwise: T): T {
  try {
    return work();
  } catch {
    return otherwise;
  }
}
