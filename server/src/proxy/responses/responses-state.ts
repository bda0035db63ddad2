/**
 * The stored state of the Responses API.
 *
 * Problem. Tenants share an upstream account, so an id that the provider resolves would cross tenants. A provider is therefore
 * never asked to store anything, and ids of stored responses are ours.
 *
 * Approach. A response is kept after its answer, sealed under its organization's content key (sealed-responses.ts), by a queue in
 * memory (response-keeper.ts). A request that continues one reads its whole chain in one statement. Responses in the background are
 * stored when they begin (background-runs.ts), conversations item by item (conversations-state.ts). Requests without stored state do
 * not come here.
 *
 * Invariants. Every query names the caller's organization, and every link of a chain must be one that the caller finds
 * (domain/tenancy/stored-responses.ts). What exists elsewhere is answered as what never existed, after the same time
 * (stored-reading.ts).
 *
 * What breaks it. Resolving an id in any other way than through `findsResponse`.
 */
import { findsResponse, isStored, type ResponsesReading } from '../../domain/tenancy/stored-responses.ts';
import type { Caller } from '../../domain/tenancy/tenancy.ts';
import { isId } from '../../lib/id.ts';
import type { Clock } from '../../lib/timing/clock.ts';
import type {
  ChainBounds,
  NewStoredResponse,
  ResponseAddress,
  ResponseLink,
  SealedResponse,
  StoredChain,
} from '../../store/responses/stored-responses.ts';
import { BackgroundRuns, type RunsStore } from './background-runs.ts';
import { notEnded, previousNotFound, storesNone, tooLong } from './refusals.ts';
import { type KeeperOptions, ResponseKeeper } from './response-keeper.ts';
import {
  bytesOf,
  type FoundResponse,
  isRunning,
  listIn,
  type Open,
  openedResponse,
  type ResponseToKeep,
  type Seal,
  sealedRow,
} from './sealed-responses.ts';
import { OF_OTHERS, StoredReading } from './stored-reading.ts';

/** The items that a continued request is preceded by. */
export interface ResponseHistory {
  /** The items of the chain, oldest first: of each response its input, then its output. */
  readonly items: readonly unknown[];
  /** The number of responses in the chain. */
  readonly links: number;
  /** The sealed length of the chain, which is about the length of its JSON. */
  readonly bytes: number;
}

/** The stored state, as request handling uses it. */
export interface ResponsesState {
  /** The responses that this process makes in the background. */
  readonly background: BackgroundRuns;
  /**
   * Returns the items that precede a request that names `previous_response_id`. Throws 400 `previous_response_not_found` if the
   * caller does not find the whole chain, 400 if it is too long or its newest response has not ended well, and 503 if the database
   * does not answer within a second.
   */
  history(caller: Caller, previousResponseId: string): Promise<ResponseHistory>;
  /**
   * Stores a response in the background, if its organization stores responses. Call it when the request is settled. Never throws
   * and never waits. A failure is logged and counted: the response is then one that nobody finds.
   */
  keep(caller: Caller, response: ResponseToKeep): void;
  /** Returns a response that the caller finds, else null. Throws 503 if the database does not answer within a second. */
  find(caller: Caller, id: string): Promise<FoundResponse | null>;
  /** Deletes a response that the caller finds. Returns false if there is none. Throws 503 as `find` does. */
  remove(caller: Caller, id: string): Promise<boolean>;
  /**
   * Cancels a response that the caller finds, if it is in progress, whichever process makes it. Returns the response as it is then;
   * null if there is none. Throws 503 as `find` does.
   */
  cancel(caller: Caller, id: string): Promise<FoundResponse | null>;
  /** Returns figures for the metrics. */
  read(): ResponsesReading;
  /** Stores what is waiting, for at most some seconds. */
  close(): Promise<void>;
}

/** The queries on stored responses. */
export interface ResponseStore extends RunsStore {
  insert(rows: readonly NewStoredResponse[]): Promise<void>;
  end(row: NewStoredResponse): Promise<void>;
  find(address: ResponseAddress, at: Date): Promise<(ResponseLink & SealedResponse) | null>;
  findChain(address: ResponseAddress, at: Date, bounds: ChainBounds): Promise<StoredChain>;
  remove(address: ResponseAddress): Promise<boolean>;
  cancel(address: ResponseAddress, at: Date): Promise<boolean>;
}

export interface ResponsesOptions extends KeeperOptions {
  readonly store: ResponseStore;
  readonly clock: Clock;
  /** The longest wait for the database; a second if absent. */
  readonly readMsMax?: number;
  readonly seal: Seal;
  readonly open: Open;
}

/** The bounds of one chain: what a continued request may bring into memory. No more is parsed in one turn of the event loop. */
export const CHAIN_BOUNDS: ChainBounds = { linksMax: 500, bytesMax: 8 * 1024 * 1024 };

export function createResponsesState(options: ResponsesOptions): ResponsesState {
  return new StoredState(options);
}

class StoredState implements ResponsesState {
  readonly background: BackgroundRuns;
  readonly #options: ResponsesOptions;
  readonly #keeper: ResponseKeeper;
  readonly #chains = new Map<string, Promise<StoredChain>>();
  readonly #reading: StoredReading;

  constructor(options: ResponsesOptions) {
    this.#options = options;
    this.#keeper = new ResponseKeeper(options);
    this.#reading = new StoredReading(options.readMsMax);
    this.background = new BackgroundRuns({ ...options, reading: this.#reading, keeper: this.#keeper });
  }

  async history(caller: Caller, id: string): Promise<ResponseHistory> {
    const chain = storesNone(caller) ? null : await this.#reading.soon(() => this.#foundChain(caller, id));
    const newest = chain?.links[0];
    if (chain === null || newest === undefined) throw previousNotFound(caller, id);
    if (!CONTINUABLE.has(newest.status)) throw notEnded(id, newest.status);
    if (chain.isTooLong) throw tooLong(CHAIN_BOUNDS);
    const opened = chain.links.map((link) => this.#opened(caller, link)).reverse();
    return {
      items: opened.flatMap(({ input, response }) => [...input, ...listIn(response.output)]),
      links: opened.length,
      bytes: chain.links.reduce((sum, link) => sum + bytesOf(link), 0),
    };
  }

  keep(caller: Caller, response: ResponseToKeep): void {
    if (!isStored(caller.organization, true)) return;
    const atMs = this.#options.clock.nowMs();
    // Sealing takes time in proportion to the size: in a later turn, so that the answer's last bytes leave first.
    setImmediate(() =>
      this.#keeper.add({ id: response.id, organizationId: caller.organization.id }, () =>
        sealedRow(this.#options.seal, caller, response, atMs),
      ),
    );
  }

  async find(caller: Caller, id: string): Promise<FoundResponse | null> {
    const found = await this.#reading.soon(() => this.#found(caller, id));
    return found === null ? null : this.#opened(caller, found);
  }

  async remove(caller: Caller, id: string): Promise<boolean> {
    return this.#reading.soon(async () => {
      if ((await this.#found(caller, id)) === null) return false;
      await this.#keeper.stored(id);
      await this.#options.store.remove({ organizationId: caller.organization.id, id });
      this.background.cut(id);
      return true;
    });
  }

  async cancel(caller: Caller, id: string): Promise<FoundResponse | null> {
    return this.#reading.soon(async () => {
      const found = await this.#found(caller, id);
      if (found === null) return null;
      if (!isRunning(found, this.#options.clock.nowMs())) return this.#opened(caller, found);
      const address = { organizationId: caller.organization.id, id };
      const isCancelled = await this.#options.store.cancel(address, this.#now());
      if (isCancelled) this.background.cut(id);
      const now = isCancelled ? { ...found, status: 'cancelled' } : await this.#found(caller, id);
      return now === null ? null : this.#opened(caller, now);
    });
  }

  read(): ResponsesReading {
    return { ...this.#keeper.read(), background: this.background.count };
  }

  close(): Promise<void> {
    this.background.close();
    return this.#keeper.close();
  }

  /** Returns a chain of which the caller finds every link; null if there is none. */
  async #foundChain(caller: Caller, id: string): Promise<StoredChain | null> {
    if (!isId('resp', id)) return null;
    return this.#reading.again(async () => {
      const waiting = this.#keeper.chainOf(id);
      const before = waiting.length === 0 ? id : (waiting.at(-1) as ResponseLink).previousId;
      const rest = before === null ? NO_CHAIN : await this.#chain(caller.organization.id, before);
      const links = [...waiting, ...rest.links];
      if (!links.every((link) => findsResponse(caller, link))) return OF_OTHERS;
      if (rest.isTooLong) return { links, isTooLong: true };
      if (links.at(-1)?.previousId !== null) return null;
      const bytes = links.reduce((sum, link) => sum + bytesOf(link), 0);
      const isTooLong = links.length > CHAIN_BOUNDS.linksMax || bytes > CHAIN_BOUNDS.bytesMax;
      return { links, isTooLong };
    });
  }

  /** Returns a response that the caller finds; null for text that cannot be an id of ours, without a look. */
  async #found(caller: Caller, id: string): Promise<(ResponseLink & SealedResponse) | null> {
    if (storesNone(caller) || !isId('resp', id)) return null;
    return this.#reading.again(async () => {
      const [waiting] = this.#keeper.chainOf(id);
      const address = { organizationId: caller.organization.id, id };
      const found = waiting ?? (await this.#reading.few(() => this.#options.store.find(address, this.#now())));
      return found === null || findsResponse(caller, found) ? found : OF_OTHERS;
    });
  }

  /** Reads a chain once for all that want it now. */
  #chain(organizationId: string, id: string): Promise<StoredChain> {
    const name = `${organizationId} ${id}`;
    const running = this.#chains.get(name);
    if (running !== undefined) return running;
    const started = this.#reading
      .few(() => this.#options.store.findChain({ organizationId, id }, this.#now(), CHAIN_BOUNDS))
      .finally(() => this.#chains.delete(name));
    this.#chains.set(name, started);
    return started;
  }

  #opened({ organization }: Caller, link: ResponseLink & SealedResponse): FoundResponse {
    return openedResponse(this.#options.open, organization, link, this.#options.clock.nowMs());
  }

  #now(): Date {
    return new Date(this.#options.clock.nowMs());
  }
}

const NO_CHAIN: StoredChain = { links: [], isTooLong: false };
/** The statuses of a response that has an answer to continue. */
const CONTINUABLE: ReadonlySet<string> = new Set(['completed', 'incomplete']);
