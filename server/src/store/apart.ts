/** Work on rows of many organizations in one statement, which goes on where the rows of one of them are damaged. */
import { isAboutTheRows, storeErrorFrom } from './errors.ts';

/** What was done, and the parts (organizations, mostly) whose rows the database refused. */
export interface Apart<T> {
  readonly done: readonly T[];
  readonly passedOver: readonly string[];
}

/**
 * Does the work for everything in one statement: `work` is given null. Where the database refuses that because of the rows, as for a number
 * out of range, the work is done again for halves of the parts, down to single ones, and those that fail alone are passed over: of 10,000
 * parts one that fails costs about 30 statements. Rejects where anything else goes wrong.
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

/** Null where the rows themselves are at fault: the database refused them, or nothing can be worked out of them. */
export async function unlessRefused<T>(work: () => Promise<T>): Promise<T | null> {
  try {
    return await work();
  } catch (error) {
    if (isAboutTheRows(storeErrorFrom(error))) return null;
    throw error;
  }
}
