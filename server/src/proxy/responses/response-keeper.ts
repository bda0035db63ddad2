/**
 * The responses that are answered and not stored yet. They wait here in memory, sealed, while the database takes them, and can be
 * found meanwhile. What cannot be stored is given up, logged and counted: an answer never waits for it.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { KEPT_OUTCOMES, type KeptOutcome, type ResponsesReading } from '../../domain/tenancy/stored-responses.ts';
import { type BodyRoom, BufferedBytes } from '../../lib/buffered-bytes.ts';
import type { Clock } from '../../lib/timing/clock.ts';
import { withTimeout } from '../../lib/timing/timeout.ts';
import { isAboutTheRows } from '../../store/errors.ts';
import type { NewStoredResponse, ResponseAddress } from '../../store/responses/stored-responses.ts';
import { RESPONSE_BYTES_MAX } from '../../store/schema.ts';

/** The memory that all waiting responses may use, and those of one organization. */
const WAITING_BOUNDS = { bytesMax: 64 * 1024 * 1024, shareMax: 16 * 1024 * 1024 };
const BATCH_ROWS_MAX = 100;
const BATCH_BYTES_MAX = RESPONSE_BYTES_MAX;
/** The time for which a response waits for a database that cannot be reached. */
const KEPT_MS_MAX = 60_000;
const RETRY_MS = 500;
const CLOSE_MS_MAX = 5_000;

export interface KeeperOptions {
  readonly store: {
    insert(rows: readonly NewStoredResponse[]): Promise<void>;
    end(row: NewStoredResponse): Promise<void>;
  };
  readonly clock: Pick<Clock, 'monotonicMs'>;
  /** Called for a response that could not be stored. */
  readonly onLost: (facts: Readonly<Record<string, unknown>>) => void;
}

interface Waiting {
  readonly row: NewStoredResponse;
  /** `end`: its row is stored, and is replaced. */
  readonly is: 'new' | 'end';
  readonly room: BodyRoom;
  readonly untilMs: number;
}

export class ResponseKeeper {
  readonly #options: KeeperOptions;
  readonly #room = new BufferedBytes(WAITING_BOUNDS);
  /** In the order of their answers. */
  readonly #waiting = new Map<string, Waiting>();
  readonly #outcomes = Object.fromEntries(KEPT_OUTCOMES.map((outcome) => [outcome, 0])) as Record<KeptOutcome, number>;
  #storing: Promise<void> | null = null;
  #isClosing = false;

  constructor(options: KeeperOptions) {
    this.#options = options;
  }

  /** Takes a response that `make` seals; it returns null if the content key was destroyed. Never throws. */
  add(address: ResponseAddress, make: () => NewStoredResponse | null): void {
    this.#take(address, make, 'new');
  }

  /** Takes the end of a response in the background, whose row is stored already. Never throws. */
  end(address: ResponseAddress, make: () => NewStoredResponse | null): void {
    this.#take(address, make, 'end');
  }

  #take(address: ResponseAddress, make: () => NewStoredResponse | null, is: Waiting['is']): void {
    try {
      const row = make();
      if (row === null) this.#lost(address, 'no_key', 'the content key was destroyed');
      else if (row.bytes > RESPONSE_BYTES_MAX) this.#lost(address, 'too_large', `it has more than ${RESPONSE_BYTES_MAX} bytes`);
      else this.#wait(row, is);
    } catch (error) {
      this.#lost(address, 'refused', reasonOf(error));
    }
  }

  #wait(row: NewStoredResponse, is: Waiting['is']): void {
    const room = this.#room.roomFor([row.organizationId]);
    if (!room.take(row.bytes)) {
      this.#lost(row, 'no_room', 'too many responses wait to be stored');
      return;
    }
    this.#waiting.set(row.id, { row, is, room, untilMs: this.#options.clock.monotonicMs() + KEPT_MS_MAX });
    this.#storing ??= this.#storeAll().finally(() => {
      this.#storing = null;
    });
  }

  /** Returns a waiting response and those before it that wait too, newest first; empty if it does not wait. */
  chainOf(id: string): readonly NewStoredResponse[] {
    const chain: NewStoredResponse[] = [];
    for (let next: string | null = id; next !== null; ) {
      const waiting = this.#waiting.get(next);
      if (waiting === undefined || chain.includes(waiting.row)) break;
      chain.push(waiting.row);
      next = waiting.row.previousId;
    }
    return chain;
  }

  /** Waits until this response does not wait any more. */
  async stored(id: string): Promise<void> {
    while (this.#waiting.has(id)) await sleep(STORED_LOOK_MS);
  }

  read(): Omit<ResponsesReading, 'background'> {
    return { outcomes: { ...this.#outcomes }, waiting: this.#waiting.size, waitingBytes: this.#room.bytes };
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    await withTimeout(CLOSE_MS_MAX, this.#storing ?? Promise.resolve()).catch(() => {});
    for (const { row } of [...this.#waiting.values()]) this.#giveUp(row, 'database', 'the process stops');
  }

  /** Stores what waits, batch by batch, until nothing waits. Never rejects. */
  async #storeAll(): Promise<void> {
    while (this.#waiting.size > 0) {
      const rows = this.#nextBatch();
      try {
        await this.#store(rows);
        for (const row of rows) this.#end(row, 'stored');
      } catch (error) {
        if (isAboutTheRows(error)) await this.#storeEach(rows);
        else await this.#pause(error);
      }
    }
  }

  /** Stores rows. A repeat changes nothing. */
  async #store(rows: readonly NewStoredResponse[]): Promise<void> {
    const isEnd = ({ id }: NewStoredResponse) => this.#waiting.get(id)?.is === 'end';
    const added = rows.filter((row) => !isEnd(row));
    if (added.length > 0) await this.#options.store.insert(added);
    for (const row of rows) if (isEnd(row)) await this.#options.store.end(row);
  }

  #nextBatch(): readonly NewStoredResponse[] {
    const rows: NewStoredResponse[] = [];
    let bytes = 0;
    for (const { row } of this.#waiting.values()) {
      if (rows.length > 0 && (rows.length === BATCH_ROWS_MAX || bytes + row.bytes > BATCH_BYTES_MAX)) break;
      rows.push(row);
      bytes += row.bytes;
    }
    return rows;
  }

  /** Stores a batch row by row, because one of its rows is refused. */
  async #storeEach(rows: readonly NewStoredResponse[]): Promise<void> {
    for (const row of rows) {
      try {
        await this.#store([row]);
        this.#end(row, 'stored');
      } catch (error) {
        if (!isAboutTheRows(error)) return this.#pause(error);
        this.#giveUp(row, 'refused', reasonOf(error));
      }
    }
  }

  /** Gives up what waited too long, then pauses. */
  async #pause(error: unknown): Promise<void> {
    const nowMs = this.#options.clock.monotonicMs();
    for (const { row, untilMs } of [...this.#waiting.values()]) {
      if (this.#isClosing || nowMs >= untilMs) this.#giveUp(row, 'database', reasonOf(error));
    }
    if (this.#waiting.size > 0) await sleep(RETRY_MS);
  }

  #giveUp(row: NewStoredResponse, outcome: KeptOutcome, reason: string): void {
    this.#end(row, outcome);
    this.#tell(row, outcome, reason);
  }

  #end({ id }: NewStoredResponse, outcome: KeptOutcome): void {
    const waiting = this.#waiting.get(id);
    if (waiting === undefined) return;
    this.#waiting.delete(id);
    waiting.room.free();
    this.#outcomes[outcome] += 1;
  }

  #lost(address: ResponseAddress, outcome: KeptOutcome, reason: string): void {
    this.#outcomes[outcome] += 1;
    this.#tell(address, outcome, reason);
  }

  #tell({ organizationId, id }: ResponseAddress, outcome: KeptOutcome, reason: string): void {
    this.#options.onLost({ organization_id: organizationId, response_id: id, outcome, reason });
  }
}

const STORED_LOOK_MS = 10;

/** Returns why, without values: errors of the store name constraints and states only. */
function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : 'unknown';
}
