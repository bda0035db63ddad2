import { lockCatalogue } from '../../store/catalogue/callable-targets.ts';
import { rehearsed } from '../access/effect.ts';
import type { AdminCall } from '../http/call.ts';
import { type Change, change } from '../http/change.ts';

/**
 * Changes the catalogue. Such changes run one at a time, because names, fallback cycles and labels are checked against all
 * targets. Each change locks the catalogue before anything in it, so two changes cannot deadlock. If the route has a dry run and
 * the call wants one, ends by throwing Rehearsed.
 */
export function changeCatalogue<T>(
  call: AdminCall<unknown, DryRun | unknown, unknown>,
  work: (change: Change) => Promise<T>,
): Promise<T> {
  const locked = async (made: Change) => {
    await lockCatalogue(made.tx);
    return work(made);
  };
  return change(call, rehearsed(call as AdminCall<unknown, DryRun | undefined, unknown>, { level: 'catalogue' }, locked));
}

interface DryRun {
  readonly dry_run?: boolean | undefined;
}
