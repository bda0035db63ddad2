/**
 * The stored state of the Responses API.
 *
 * Problem. Tenants share an upstream account, so an id that the provider resolves would cross tenants. A provider is therefore
 * never asked to store anything, and ids of stored responses are ours.
 *
 * Approach. A response is kept after its answer, sealed under its organization's content key, by a queue in memory
 * (response-keeper.ts). A request that continues one reads its whole chain in one statement. Requests without stored state do
 * not come here.
 *
 * Invariants. Every query names the caller's organization, and every link of a chain must be one that the caller finds
 * (domain/tenancy/stored-responses.ts). A response that exists elsewhere is answered as one that never existed, after the same time.
 *
 * What breaks it. Resolving an id in any other way than through `findsResponse`.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { findsResponse, isStored, placeOf, RESPONSE_DAYS, type ResponsesReading } from '../../domain/tenancy/stored-responses.ts';
import type { Caller, OrganizationConfig } from '../../domain/tenancy/tenancy.ts';
import { fewAtOnce } from '../../lib/few-at-once.ts';
import { isId } from '../../lib/id.ts';
import type { Clock } from '../../lib/timing/clock.ts';
import { within } from '../../lib/timing/within.ts';
import { isStoreUnavailable, StoreUnavailable } from '../../store/errors.ts';
import type {
  ChainBounds,
  NewStoredResponse,
  ResponseAddress,
  ResponseLink,
  SealedResponse,
  StoredChain,
} from '../../store/responses/stored-responses.ts';
import { serviceUnavailable } from '../refusal.ts';
import { previousNotFound, storesNone, tooLong } from './refusals.ts';
import { type KeeperOptions, ResponseKeeper } from './response-keeper.ts';

/** A response as the endpoint hands it over when its request is settled. */
export interface ResponseToKeep {
  /** An id of ours: `newId('resp')`. */
  readonly id: string;
  /** The response that the request continued; null for none. */
  readonly previousId: string | null;
  /** The called name. */
  readonly model: string;
  readonly status: 'completed' | 'incomplete' | 'failed' | 'cancelled';
  /** The items that this request added. Without those of the history. */
  readonly input: readonly unknown[];
  /** The whole response as the client got it, with its `output`. */
  readonly response: { readonly output?: unknown };
}

/** The items that a continued request is preceded by. */
export interface ResponseHistory {
  /** The items of the chain, oldest first: of each response its input, then its output. */
  readonly items: readonly unknown[];
  /** The number of responses in the chain. */
  readonly links: number;
  /** The sealed length of the chain, which is about the length of its JSON. */
  readonly bytes: number;
}

/** One stored response, opened. */
export interface FoundResponse {
  readonly id: string;
  readonly input: readonly unknown[];
  readonly response: Readonly<Record<string, unknown>>;
}

/** The stored state, as request handling uses it. */
export interface ResponsesState {
  /**
   * Returns the items that precede a request that names `previous_response_id`. Throws 400 `previous_response_not_found` if the
   * caller does not find the whole chain, 400 if it is too long, and 503 if the database does not answer within a second.
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
  /** Returns figures for the metrics. */
  read(): ResponsesReading;
  /** Stores what is waiting, for at most some seconds. */
  close(): Promise<void>;
}

/** The queries on stored responses. */
export interface ResponseStore {
  insert(rows: readonly NewStoredResponse[]): Promise<void>;
  find(address: ResponseAddress, at: Date): Promise<(ResponseLink & SealedResponse) | null>;
  findChain(address: ResponseAddress, at: Date, bounds: ChainBounds): Promise<StoredChain>;
  remove(address: ResponseAddress): Promise<boolean>;
}

export interface ResponsesOptions extends KeeperOptions {
  readonly store: ResponseStore;
  readonly clock: Clock;
  /** The longest wait for the database; a second if absent. */
  readonly readMsMax?: number;
  /** Seals a text under the organization's content key, for a name; null if the key was destroyed. */
  readonly seal: (organization: OrganizationConfig, name: string, text: string) => Buffer | null;
  readonly open: (organization: OrganizationConfig, name: string, sealed: Uint8Array) => Buffer | null;
}

/** The bounds of one chain: what a continued request may bring into memory. No more is parsed in one turn of the event loop. */
export const CHAIN_BOUNDS: ChainBounds = { linksMax: 500, bytesMax: 8 * 1024 * 1024 };

const READ_MS_MAX = 1_000;
/** Reads at a time. Each may bring a whole chain into memory, and other lookups need connections too. */
const READS_MAX = 4;
/** Reads that wait for one of these. Beyond that the database is too slow to serve them within a second. */
const WAITING_MAX = 1_000;
const DAY_MS = 86_400_000;
/**
 * The waits before a response that is not found is looked up again: another process may have answered with it just now, and still
 * be storing it.
 */
const AGAIN_MS = [100, 300] as const;

export function createResponsesState(options: ResponsesOptions): ResponsesState {
  return new StoredState(options);
}

class StoredState implements ResponsesState {
  readonly #options: ResponsesOptions;
  readonly #keeper: ResponseKeeper;
  readonly #chains = new Map<string, Promise<StoredChain>>();
  readonly #reading = fewAtOnce({
    atOnce: READS_MAX,
    waitingMax: WAITING_MAX,
    tooMany: () => new StoreUnavailable('too many reads of stored responses wait', '53000'),
  });

  constructor(options: ResponsesOptions) {
    this.#options = options;
    this.#keeper = new ResponseKeeper(options);
  }

  async history(caller: Caller, id: string): Promise<ResponseHistory> {
    const chain = storesNone(caller) ? null : await this.#soon(() => this.#foundChain(caller, id));
    if (chain === null) throw previousNotFound(caller, id);
    if (chain.isTooLong) throw tooLong(CHAIN_BOUNDS);
    const opened = chain.links.map((link) => this.#opened(caller.organization, link)).reverse();
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
      this.#keeper.add({ id: response.id, organizationId: caller.organization.id }, () => this.#rowOf(caller, response, atMs)),
    );
  }

  async find(caller: Caller, id: string): Promise<FoundResponse | null> {
    const found = await this.#soon(() => this.#found(caller, id));
    return found === null ? null : this.#opened(caller.organization, found);
  }

  async remove(caller: Caller, id: string): Promise<boolean> {
    return this.#soon(async () => {
      if ((await this.#found(caller, id)) === null) return false;
      await this.#keeper.stored(id);
      await this.#options.store.remove({ organizationId: caller.organization.id, id });
      return true;
    });
  }

  read(): ResponsesReading {
    return this.#keeper.read();
  }

  close(): Promise<void> {
    return this.#keeper.close();
  }

  /** Returns a chain of which the caller finds every link; null if there is none. */
  async #foundChain(caller: Caller, id: string): Promise<StoredChain | null> {
    return this.#again(id, async () => {
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

  #found(caller: Caller, id: string): Promise<(ResponseLink & SealedResponse) | null> {
    if (storesNone(caller)) return Promise.resolve(null);
    return this.#again(id, async () => {
      const [waiting] = this.#keeper.chainOf(id);
      const found =
        waiting ??
        (await this.#reading(() => this.#options.store.find({ organizationId: caller.organization.id, id }, this.#now())));
      return found === null || findsResponse(caller, found) ? found : OF_OTHERS;
    });
  }

  /**
   * Looks up a response again that is not found. One of others is not read again, but answered as late. Text that cannot be an id of
   * ours is not looked up at all.
   */
  async #again<T>(id: string, look: () => Promise<T | typeof OF_OTHERS | null>): Promise<T | null> {
    if (!isId('resp', id)) return null;
    let found = await look();
    for (const ms of AGAIN_MS) {
      if (found !== null && found !== OF_OTHERS) return found;
      await sleep(ms);
      if (found === null) found = await look();
    }
    return found === OF_OTHERS ? null : found;
  }

  /** Reads a chain once for all that want it now. */
  #chain(organizationId: string, id: string): Promise<StoredChain> {
    const name = `${organizationId} ${id}`;
    const running = this.#chains.get(name);
    if (running !== undefined) return running;
    const started = this.#reading(() => this.#options.store.findChain({ organizationId, id }, this.#now(), CHAIN_BOUNDS)).finally(
      () => this.#chains.delete(name),
    );
    this.#chains.set(name, started);
    return started;
  }

  /** Looks for at most a second. Throws 503 if the database cannot be reached by then; a bug of ours is thrown as it is. */
  async #soon<T>(look: () => Promise<T>): Promise<T> {
    let isBug = false;
    const looked = look().catch((error: unknown) => {
      isBug = !isStoreUnavailable(error);
      throw error;
    });
    try {
      return await within(this.#options.readMsMax ?? READ_MS_MAX, looked);
    } catch (error) {
      if (isBug) throw error;
      throw serviceUnavailable(
        'The stored response cannot be read right now, because the database cannot be reached. Try again in a moment, or send the whole conversation in `input`.',
      );
    }
  }

  #rowOf(caller: Caller, response: ResponseToKeep, atMs: number): NewStoredResponse | null {
    const { organization } = caller;
    const { seal } = this.#options;
    const sealedInput = seal(organization, nameOf(response.id, 'input'), JSON.stringify(response.input));
    const sealedOutput = seal(organization, nameOf(response.id, 'output'), JSON.stringify(response.response));
    if (sealedInput === null || sealedOutput === null) return null;
    return {
      ...placeOf(caller),
      id: response.id,
      createdAt: new Date(atMs),
      expiresAt: new Date(atMs + RESPONSE_DAYS * DAY_MS),
      status: response.status,
      model: response.model.slice(0, MODEL_CHARS_MAX).replaceAll('\u0000', ''),
      previousId: response.previousId,
      sealedInput,
      sealedOutput,
      bytes: sealedInput.length + sealedOutput.length,
    };
  }

  #opened(organization: OrganizationConfig, { id, sealedInput, sealedOutput }: ResponseLink & SealedResponse): FoundResponse {
    const { open } = this.#options;
    const input = open(organization, nameOf(id, 'input'), sealedInput);
    const output = open(organization, nameOf(id, 'output'), sealedOutput);
    if (input === null || output === null) throw new Error('the content key of an organization with stored responses is gone');
    return { id, input: listIn(JSON.parse(input.toString())), response: JSON.parse(output.toString()) };
  }

  #now(): Date {
    return new Date(this.#options.clock.nowMs());
  }
}

const OF_OTHERS = Symbol('a response of others');
const NO_CHAIN: StoredChain = { links: [], isTooLong: false };
const MODEL_CHARS_MAX = 200;

/** Returns the name that a value is sealed for: neither another response's value nor the other value of this one opens in its place. */
function nameOf(id: string, what: 'input' | 'output'): string {
  return `${id}:${what}`;
}

function bytesOf({ sealedInput, sealedOutput }: SealedResponse): number {
  return sealedInput.length + sealedOutput.length;
}

function listIn(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
