/**
 * Batches, as requests of the data plane use them.
 *
 * Approach. A batch is admitted as one request: its input is read line by line, its hold is the sum over its lines, and its row is in
 * the database before the client is answered. From there on the driver (batch-driver.ts) works on it, in whichever process vouches for
 * it: it sends the lines to the provider's own batch API, waits, and settles each line of the result.
 *
 * Invariants. Every query names the caller's organization, and a batch is found by those who find its files (findsFile). What exists
 * elsewhere is answered as what never existed.
 */
import type { Hold } from '../../counters/counters.ts';
import { filesFilter, findsFile, hasFiles } from '../../domain/tenancy/files.ts';
import type { Caller } from '../../domain/tenancy/tenancy.ts';
import { isId } from '../../lib/id.ts';
import type { BatchRow } from '../../store/batches/batches.ts';
import { isStoreUnavailable } from '../../store/errors.ts';
import { callerOf } from '../authenticate.ts';
import { FileGone, NoContentKey } from '../files/file-store.ts';
import { invalidRequest, Refusal, serviceUnavailable } from '../refusal.ts';
import type { CachedKey } from '../snapshot/cached-key.ts';
import { BatchDriver } from './batch-driver.ts';
import type { BatchParts } from './batch-parts.ts';
import { batchObject } from './batch-view.ts';
import type { AskedBatch, Batches, BatchesPage } from './batches.ts';
import { createBatch, fileNotFound } from './create-batch.ts';

/** The batches of a process, as the data plane uses them. */
export class BatchesState implements Batches {
  readonly driver: BatchDriver;
  readonly #parts: BatchParts;

  constructor(parts: Omit<BatchParts, 'wake'>) {
    this.#parts = { ...parts, wake: () => this.driver.wake() };
    this.driver = new BatchDriver(this.#parts);
  }

  /** Returns what this process holds for batches, for the comparison with shared counters. */
  holds(): readonly Hold[] {
    return this.#parts.holds.all();
  }

  async create(key: CachedKey, asked: AskedBatch): Promise<object> {
    const caller = callerOf(key);
    mustHaveBatches(caller);
    return this.#reachable(async () => {
      try {
        return this.#shown(caller, await createBatch(key, asked, this.#parts));
      } catch (error) {
        if (error instanceof FileGone || error instanceof NoContentKey) throw fileNotFound(asked.inputFileId);
        throw error;
      }
    });
  }

  async find(caller: Caller, id: string): Promise<object> {
    return this.#reachable(async () => this.#shown(caller, await this.#found(caller, id)));
  }

  async list(caller: Caller, { after, order, limit }: BatchesPage): Promise<object> {
    const filter = filesFilter(caller);
    const question = { organizationId: caller.organization.id, after, order, limit: limit + 1 };
    const rows =
      filter === null ? [] : await this.#reachable(() => this.#parts.store.list({ ...question, ...filter }, this.#now()));
    const data = rows.slice(0, limit).filter((row) => findsFile(caller, row));
    const [first = null, last = null] = [data.at(0)?.id, data.at(-1)?.id];
    return {
      object: 'list',
      data: data.map((row) => this.#shown(caller, row)),
      first_id: first,
      last_id: last,
      has_more: rows.length > limit,
    };
  }

  async cancel(caller: Caller, id: string): Promise<object> {
    return this.#reachable(async () => {
      const found = await this.#found(caller, id);
      const now = await this.#parts.store.requestCancel({ organizationId: caller.organization.id, id: found.id }, this.#now());
      if (now === null) throw batchNotFound(id);
      if (now.status !== 'cancelling' && now.status !== 'cancelled')
        throw invalidRequest(`A batch with the status ${now.status} cannot be cancelled.`);
      this.driver.wake();
      return this.#shown(caller, now);
    });
  }

  async #found(caller: Caller, id: string): Promise<BatchRow> {
    const address = { organizationId: caller.organization.id, id };
    const found = isId('batch', id) ? await this.#parts.store.find(address, this.#now()) : null;
    if (found === null || !findsFile(caller, found)) throw batchNotFound(id);
    return found;
  }

  #shown({ organization }: Caller, row: BatchRow): object {
    const opened = row.metadata === null ? null : this.#parts.open(organization, row.id, row.metadata);
    return batchObject(row, opened === null ? null : JSON.parse(opened.toString('utf8')));
  }

  async #reachable<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (!isStoreUnavailable(error)) throw error;
      throw serviceUnavailable(
        'Batches cannot be read right now, because the database cannot be reached. Try again in a moment.',
      );
    }
  }

  #now(): Date {
    return new Date(this.#parts.gateway.clock.nowMs());
  }
}

function mustHaveBatches(caller: Caller): void {
  if (hasFiles(caller)) return;
  throw invalidRequest('This organization has no batches. Ask an admin to allow them, or call the endpoints themselves.');
}

/** The same words for an id that never existed and for one of others. */
function batchNotFound(id: string): Refusal {
  return new Refusal('not_found', `There is no batch ${id.slice(0, 80)} that this key finds.`);
}
