/** Runs one statement over rows of many organizations, and skips an organization whose rows are damaged. */
import { isAboutTheRows, storeErrorFrom } from './errors.ts';

/** The result of the work, and the parts (usually organizations) whose rows the database refused. */
export interface Apart<T> {
  readonly done: readonly T[];
  readonly passedOver: readonly string[];
}

/**
 * Calls `work` with null to do everything in one statement. If the database refuses the rows, as for a number out of range, it
 * retries halves of the parts, down to single parts. Parts that fail alone are skipped. One such part of 10,000 costs about 30
 * statements. Rejects on any other error.
 */
export async function togetherOrApart<T>(
  parts: () => Promise<readonly string[]>,
  work: (only: readonly string[] | null) => Promise<readonly T[]>,
): Promise<Apart<T>> {
  const together = await unlessRefused(() => work(null));
  return together === null ? inHalves(await parts(), work) : { done: together, passedOver: [] };
}

async function inHalves<T>(
  parts: readonly string[],
  work: (only: readonly string[]) => Promise<readonly T[]>,
): Promise<Apart<T>> {
  const middle = parts.length >> 1;
  const [done, passedOver]: [T[], string[]] = [[], []];
  for (const half of [parts.slice(0, middle), parts.slice(middle)]) {
    if (half.length === 0) continue;
    const found = await unlessRefused(() => work(half));
    const apart = found !== null ? { done: found, passedOver: [] } : half.length > 1 ? await inHalves(half, work) : null;
    done.push(...(apart?.done ?? []));
    passedOver.push(...(apart?.passedOver ?? half));
  }
  return { done, passedOver };
}

/** Runs the work. Returns null if the rows are at fault: the database refused them, or our own code threw a RangeError. */
export async function unlessRefused<T>(work: () => Promise<T>): Promise<T | null> {
  try {
    return await work();
  } catch (error) {
    if (isAboutTheRows(storeErrorFrom(error))) return null;
    throw error;
  }
}
