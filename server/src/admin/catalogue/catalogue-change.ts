import { lockCatalogue } from '../../store/catalogue/callable-targets.ts';
import type { AdminCall } from '../http/call.ts';
import { type Change, change } from '../http/change.ts';

/**
 * Changes the catalogue. Such changes run one at a time, because names, fallback cycles and labels are checked against all
 * targets. Each change locks the catalogue before anything in it, so two changes cannot deadlock.
 */
export function changeCatalogue<T>(call: AdminCall, work: (change: Change) => Promise<T>): Promise<T> {
  return change(call, async (made) => {
    await lockCatalogue(made.tx);
    return work(made);
  });
}
