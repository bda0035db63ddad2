import { unlessRefused } from '../store/apart.ts';
import type { JobContext } from './job.ts';

const NAMED_MAX = 10;

/** Collects what a run skips because its rows are damaged, mostly organizations. The run continues with the others. */
export class DamagedRows {
  readonly #names = new Set<string>();

  get names(): readonly string[] {
    return [...this.#names];
  }

  add(names: readonly string[]): void {
    for (const name of names) this.#names.add(name);
  }

  /** Runs `work` for one organization. If its rows are refused or unreadable, returns null and notes the organization. */
  async unlessDamaged<T>(organizationId: string, work: () => Promise<T>): Promise<T | null> {
    const result = await unlessRefused(work);
    if (result === null) this.add([organizationId]);
    return result;
  }

  /** Logs what was skipped. Returns a sentence for the run's summary, with a space before it, or '' if nothing was skipped. */
  tell({ warn }: Pick<JobContext, 'warn'>): string {
    const count = this.#names.size;
    if (count === 0) return '';
    const named = this.names.slice(0, NAMED_MAX);
    warn({ passed_over: named, count }, 'jobs: a job skipped organizations or totals with damaged rows');
    return ` Skipped because of damaged rows: ${named.join(', ')}${count > NAMED_MAX ? ` and ${count - NAMED_MAX} more` : ''}.`;
  }
}
