import { unlessRefused } from '../store/apart.ts';
import type { JobContext } from './job.ts';

const NAMED_MAX = 10;

/** Whom a run passes over because their stored rows are damaged, mostly organizations, so that it goes on for all others. */
export class DamagedRows {
  readonly #names = new Set<string>();

  get names(): readonly string[] {
    return [...this.#names];
  }

  add(names: readonly string[]): void {
    for (const name of names) this.#names.add(name);
  }

  /** Works on one organization. Null, and passed over, where the database refuses its rows or nothing can be worked out of them. */
  async unlessDamaged<T>(organizationId: string, work: () => Promise<T>): Promise<T | null> {
    const result = await unlessRefused(work);
    if (result === null) this.add([organizationId]);
    return result;
  }

  /** Writes a line in the log and returns a sentence for the run's summary, with a space before it; '' where nothing was passed over. */
  tell({ warn }: Pick<JobContext, 'warn'>): string {
    const count = this.#names.size;
    if (count === 0) return '';
    const named = this.names.slice(0, NAMED_MAX);
    warn({ passed_over: named, count }, 'a job passed over what has damaged rows');
    return ` Passed over, because of damaged rows: ${named.join(', ')}${count > NAMED_MAX ? ` and ${count - NAMED_MAX} more` : ''}.`;
  }
}
