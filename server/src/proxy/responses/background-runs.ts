/**
 * The responses that this process makes in the background: `background: true`.
 *
 * Problem. Their client has its answer at once, and asks for the result later, of any process. A process can be killed meanwhile.
 *
 * Approach. The row is stored before the client is answered, as `in_progress`, with a time until which this process vouches for it. One
 * timer moves that time for all of them, and learns which were cancelled or deleted elsewhere. When such a request is settled, its end
 * replaces the row. A row whose time is over is read as `failed`: its process is gone.
 *
 * Bounds. So many at once in a process and for an organization, so many bytes, and an hour for each.
 */
import type { Caller } from '../../domain/tenancy/tenancy.ts';
import { type BodyRoom, BufferedBytes } from '../../lib/buffered-bytes.ts';
import type { Clock } from '../../lib/timing/clock.ts';
import type { NewStoredResponse, ResponseAddress } from '../../store/responses/stored-responses.ts';
import { RESPONSE_BYTES_MAX } from '../../store/schema.ts';
import { invalidRequest, Refusal, serviceUnavailable } from '../refusal.ts';
import type { ResponseKeeper } from './response-keeper.ts';
import { type ResponseToKeep, type Seal, sealedRow } from './sealed-responses.ts';
import type { StoredReading } from './stored-reading.ts';

/** The queries that runs need. */
export interface RunsStore {
  insert(rows: readonly NewStoredResponse[]): Promise<void>;
  renew(addresses: readonly ResponseAddress[], until: Date): Promise<readonly string[]>;
}

interface RunsOptions {
  readonly store: RunsStore;
  readonly clock: Clock;
  readonly seal: Seal;
  readonly reading: StoredReading;
  readonly keeper: ResponseKeeper;
}

export const BACKGROUND_BOUNDS = {
  inProcess: 500,
  ofOrganization: 50,
  /** The bytes of requests, with the conversations before them. */
  bytes: { bytesMax: 128 * 1024 * 1024, shareMax: 32 * 1024 * 1024 },
  runMs: 3_600_000,
} as const;
/** The time for which a process vouches at once, and how often it does. */
const VOUCHED_MS = 30_000;
const RENEW_MS = 2_000;
const RETRY_MS = 5_000;

/** One response in the background. */
export interface Run {
  readonly caller: Caller;
  readonly kept: ResponseToKeep;
  readonly startedMs: number;
  readonly startedAtMs: number;
  readonly room: BodyRoom;
  /** Ends the request: its call is ended, and it is settled. */
  cut: () => void;
  /** True if it took longer than the bound. */
  isOverdue: boolean;
  /** True if its row was cancelled or deleted, so that its end is not stored any more. */
  isOver: boolean;
}

/** The end of a response in the background. */
export interface RunEnd {
  readonly status: 'completed' | 'incomplete' | 'failed' | 'cancelled';
  /** Null: there was none, and `message` says why. */
  readonly response: ResponseToKeep['response'] | null;
  readonly message: string;
}

export class BackgroundRuns {
  readonly #options: RunsOptions;
  readonly #runs = new Map<string, Run>();
  readonly #room = new BufferedBytes(BACKGROUND_BOUNDS.bytes);
  #timer: NodeJS.Timeout | null = null;

  constructor(options: RunsOptions) {
    this.#options = options;
  }

  /** The number of responses in progress here. */
  get count(): number {
    return this.#runs.size;
  }

  /** Returns the ids of the responses in progress here. */
  ids(): readonly string[] {
    return [...this.#runs.keys()];
  }

  /**
   * Stores a response as in progress, and returns its run. Throws 429 or 503 beyond the bounds, 400 if its input is too large to be
   * stored, and 503 if the database does not take it within a second. Then nothing runs.
   */
  async begin(caller: Caller, kept: ResponseToKeep, bytes: number): Promise<Run> {
    const { clock, seal, store, reading } = this.#options;
    const room = this.#placeFor(caller.organization.id, bytes);
    const [startedMs, startedAtMs] = [clock.monotonicMs(), clock.nowMs()];
    const run: Run = { caller, kept, startedMs, startedAtMs, room, cut: () => {}, isOverdue: false, isOver: false };
    // From here on it counts, so that no other takes its place meanwhile.
    this.#runs.set(kept.id, run);
    try {
      const row = sealedRow(seal, caller, kept, startedAtMs);
      if (row === null)
        throw serviceUnavailable('The response cannot be stored, because the key of stored content was destroyed.');
      if (row.bytes > RESPONSE_BYTES_MAX)
        throw invalidRequest(
          `The input is larger than the ${RESPONSE_BYTES_MAX} bytes that a stored response may have.`,
          'input',
        );
      await reading.soon(() => store.insert([{ ...row, runningUntil: new Date(startedAtMs + VOUCHED_MS) }]));
    } catch (error) {
      this.#gone(run);
      throw error;
    }
    this.#timer ??= setInterval(() => void this.#renew(), RENEW_MS).unref();
    return run;
  }

  /** Stores the end of a run. Never throws and never waits. */
  end(run: Run, { status, response, message }: RunEnd): void {
    const { keeper, seal } = this.#options;
    const { kept, caller, startedAtMs } = run;
    this.#gone(run);
    if (run.isOver) return;
    const failed = (words: string) => failedResponse(kept, words);
    const said = run.isOverdue ? failed(OVERDUE) : (response ?? (status === 'cancelled' ? kept.response : failed(message)));
    const ended = { ...kept, status: run.isOverdue ? ('failed' as const) : status, response: said };
    const address = { id: kept.id, organizationId: caller.organization.id };
    setImmediate(() =>
      keeper.end(address, () => {
        const row = sealedRow(seal, caller, ended, startedAtMs);
        if (row === null || row.bytes <= RESPONSE_BYTES_MAX) return row;
        return sealedRow(seal, caller, { ...kept, status: 'failed', response: failed(TOO_LARGE) }, startedAtMs);
      }),
    );
  }

  /** Ends a run whose row was cancelled or deleted. Does nothing if this process does not make it. */
  cut(id: string): void {
    const run = this.#runs.get(id);
    if (run === undefined) return;
    run.isOver = true;
    run.cut();
  }

  close(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }

  #placeFor(organizationId: string, bytes: number): BodyRoom {
    const { inProcess, ofOrganization } = BACKGROUND_BOUNDS;
    let own = 0;
    for (const { caller } of this.#runs.values()) if (caller.organization.id === organizationId) own += 1;
    const room = this.#room.roomFor([organizationId]);
    if (own >= ofOrganization) {
      throw new Refusal(
        'rate_limit_exceeded',
        `This organization has ${ofOrganization} responses in the background, the most that this process makes at once. Try again when one has ended.`,
        { param: 'background', retry: { is: 'after', ms: RETRY_MS, hammerProof: false } },
      );
    }
    if (this.#runs.size >= inProcess || !room.take(bytes))
      throw serviceUnavailable('Too many responses are made in the background right now. Try again in a moment.');
    return room;
  }

  #gone(run: Run): void {
    this.#runs.delete(run.kept.id);
    run.room.free();
    if (this.#runs.size === 0) this.close();
  }

  /** Vouches for all runs, and ends those that were cancelled or deleted elsewhere, or run too long. Never rejects. */
  async #renew(): Promise<void> {
    const { clock, store } = this.#options;
    const runs = [...this.#runs.values()];
    for (const run of runs) {
      if (clock.monotonicMs() - run.startedMs <= BACKGROUND_BOUNDS.runMs) continue;
      run.isOverdue = true;
      run.cut();
    }
    const addresses = runs.map(({ kept, caller }) => ({ id: kept.id, organizationId: caller.organization.id }));
    try {
      const living = new Set(await store.renew(addresses, new Date(clock.nowMs() + VOUCHED_MS)));
      for (const { id } of addresses) if (!living.has(id)) this.cut(id);
    } catch {
      // The database cannot be reached. The next turn tries again, well before the time is over.
    }
  }
}

function failedResponse({ response }: ResponseToKeep, message: string): ResponseToKeep['response'] {
  return { ...response, status: 'failed', error: { code: 'server_error', message } } as ResponseToKeep['response'];
}

const OVERDUE = 'The response took longer than an hour, the most that a response in the background may take.';
const TOO_LARGE = `The response is larger than the ${RESPONSE_BYTES_MAX} bytes that can be stored.`;
