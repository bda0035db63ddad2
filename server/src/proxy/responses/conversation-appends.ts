/** The items that settled requests add to conversations. They wait here in memory, sealed, in order, while the database takes them. */
import { setTimeout as sleep } from 'node:timers/promises';
import { BufferedBytes } from '../../lib/buffered-bytes.ts';
import type { Clock } from '../../lib/timing/clock.ts';
import { withTimeout } from '../../lib/timing/timeout.ts';
import { isAboutTheRows } from '../../store/errors.ts';
import type { Addition } from '../../store/responses/conversations.ts';
import type { ResponseAddress } from '../../store/responses/stored-responses.ts';

/** The memory that all waiting additions may use, and those of one organization. */
const WAITING_BOUNDS = { bytesMax: 64 * 1024 * 1024, shareMax: 16 * 1024 * 1024 };
/** The time for which an addition waits for a database that cannot be reached. */
const KEPT_MS_MAX = 60_000;
const RETRY_MS = 500;
const CLOSE_MS_MAX = 5_000;

export interface AppendsOptions {
  readonly store: { add(address: ResponseAddress, addition: Addition): Promise<boolean> };
  readonly clock: Pick<Clock, 'monotonicMs'>;
  /** Called for an addition that could not be stored. */
  readonly onLost: (facts: Readonly<Record<string, unknown>>) => void;
}

export class ConversationAppends {
  readonly #options: AppendsOptions;
  readonly #room = new BufferedBytes(WAITING_BOUNDS);
  /** The last addition of each conversation that waits. */
  readonly #last = new Map<string, Promise<void>>();
  #isClosing = false;

  constructor(options: AppendsOptions) {
    this.#options = options;
  }

  /** Adds what `make` seals. Resolves once it is stored or given up; never rejects. */
  add(address: ResponseAddress, make: () => Addition): Promise<void> {
    const name = nameOf(address);
    const before = this.#last.get(name) ?? Promise.resolve();
    const added = before.then(() => this.#addNow(address, make));
    this.#last.set(name, added);
    void added.then(() => {
      if (this.#last.get(name) === added) this.#last.delete(name);
    });
    return added;
  }

  /** Resolves once nothing waits for this conversation. */
  added(address: ResponseAddress): Promise<void> {
    return this.#last.get(nameOf(address)) ?? Promise.resolve();
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    await withTimeout(CLOSE_MS_MAX, Promise.all(this.#last.values())).catch(() => {});
  }

  async #addNow(address: ResponseAddress, make: () => Addition): Promise<void> {
    const room = this.#room.roomFor([address.organizationId]);
    try {
      const addition = make();
      const bytes = addition.items.reduce((sum, { sealed }) => sum + sealed.length, 0);
      if (room.take(bytes)) await this.#stored(address, addition);
      else this.#lost(address, 'no_room', 'too many additions to conversations wait to be stored');
    } catch (error) {
      this.#lost(address, isAboutTheRows(error) ? 'refused' : 'database', error instanceof Error ? error.message : 'unknown');
    } finally {
      room.free();
    }
  }

  /** Stores an addition, with retries while the database cannot be reached. A conversation that was deleted takes none. */
  async #stored(address: ResponseAddress, addition: Addition): Promise<void> {
    const untilMs = this.#options.clock.monotonicMs() + KEPT_MS_MAX;
    for (;;) {
      try {
        await this.#options.store.add(address, addition);
        return;
      } catch (error) {
        if (isAboutTheRows(error) || this.#isClosing || this.#options.clock.monotonicMs() >= untilMs) throw error;
        await sleep(RETRY_MS);
      }
    }
  }

  #lost({ organizationId, id }: ResponseAddress, outcome: string, reason: string): void {
    this.#options.onLost({ organization_id: organizationId, conversation_id: id, outcome, reason });
  }
}

function nameOf({ organizationId, id }: ResponseAddress): string {
  return `${organizationId} ${id}`;
}
