/** Others who call while something is done to a gateway, and how long they wait. */
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import type { Others, OthersOptions } from './walls-others.ts';

/** The other tenants: a thread that calls all the while, so that what this one sends is not taken for what they wait. */
export class Neighbours {
  readonly #thread = new Worker(new URL('./walls-others.ts', import.meta.url), { execArgv: [] });

  /** Where their provider is. To be asked once, first. */
  async provider(): Promise<string> {
    const [base] = (await once(this.#thread, 'message')) as [string];
    return base;
  }

  begin(options: OthersOptions): void {
    this.#thread.postMessage(options);
  }

  async during(forMs: number): Promise<Others> {
    await this.since();
    await sleep(forMs);
    return this.since();
  }

  since(): Promise<Others> {
    return new Promise((resolve, reject) => {
      this.#thread.once('error', reject).once('message', (others: Others) => {
        this.#thread.off('error', reject);
        resolve(others);
      });
      this.#thread.postMessage('since');
    });
  }

  async leave(): Promise<void> {
    await this.#thread.terminate();
  }
}

/** The time that so many of the calls stayed below: 0.95 for the slowest twentieth. Infinity of none. */
export function quantile(tookMs: readonly number[], share: number): number {
  const sorted = tookMs.toSorted((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.POSITIVE_INFINITY;
}
