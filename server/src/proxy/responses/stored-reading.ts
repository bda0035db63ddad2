/** Reads of what the Responses API stores: few at a time, for at most a second, and again for what is being stored just now. */
import { setTimeout as sleep } from 'node:timers/promises';
import { fewAtOnce } from '../../lib/few-at-once.ts';
import { within } from '../../lib/timing/within.ts';
import { isStoreUnavailable, StoreUnavailable } from '../../store/errors.ts';
import { serviceUnavailable } from '../refusal.ts';

const READ_MS_MAX = 1_000;
/** Reads at a time. Each may bring a whole chain into memory, and other lookups need connections too. */
const READS_MAX = 4;
/** Reads that wait for one of these. Beyond that the database is too slow to serve them within a second. */
const WAITING_MAX = 1_000;
/**
 * The waits before something that is not found is looked up again: another process may have answered with it just now, and still
 * be storing it.
 */
const AGAIN_MS = [100, 300] as const;

/** Stands for what exists and belongs to others. It is not looked up again, but answered as late as what does not exist. */
export const OF_OTHERS = Symbol('of others');

export class StoredReading {
  readonly #msMax: number;
  readonly #few = fewAtOnce({
    atOnce: READS_MAX,
    waitingMax: WAITING_MAX,
    tooMany: () => new StoreUnavailable('too many reads of stored responses wait', '53000'),
  });

  constructor(msMax: number = READ_MS_MAX) {
    this.#msMax = msMax;
  }

  /** Reads when there is a place. */
  few<T>(read: () => Promise<T>): Promise<T> {
    return this.#few(read);
  }

  /** Looks for at most a second. Throws 503 if the database cannot be reached by then; a bug of ours is thrown as it is. */
  async soon<T>(look: () => Promise<T>): Promise<T> {
    let isBug = false;
    const looked = look().catch((error: unknown) => {
      isBug = !isStoreUnavailable(error);
      throw error;
    });
    try {
      return await within(this.#msMax, looked);
    } catch (error) {
      if (isBug) throw error;
      throw serviceUnavailable(
        'The stored response cannot be read right now, because the database cannot be reached. Try again in a moment, or send the whole conversation in `input`.',
      );
    }
  }

  /** Looks again for what is not found. */
  async again<T>(look: () => Promise<T | typeof OF_OTHERS | null>): Promise<T | null> {
    let found = await look();
    for (const ms of AGAIN_MS) {
      if (found !== null && found !== OF_OTHERS) return found;
      await sleep(ms);
      if (found === null) found = await look();
    }
    return found === OF_OTHERS ? null : found;
  }
}
