import { lockCatalogue } from '../../store/catalogue/callable-targets.ts';
import type { AdminCall } from '../http/call.ts';
import { type Change, change } from '../http/change.ts';

/**
 * A change of what can be called. Such changes come one after another, and each takes the catalogue before anything in it: names, circles
 * of fallbacks and labels are judged by what all of them say together, and no two can wait for each other.
 */
export function changeCatalogue<T>(call: AdminCall, work: (change: Change) => Promise<T>): Promise<T> {
  return change(call, async (made) => {
    await lockCatalogue(made.tx);
    return work(made);
  });
}
