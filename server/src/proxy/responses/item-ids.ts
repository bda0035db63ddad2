import { objectOr } from '../../dialects/json.ts';
import { newId } from '../../lib/id.ts';

/** Returns an item with an id of ours in place of its own, which may be a provider's or any text of a client. */
export function itemWithId(item: unknown, nowMs: number): Readonly<Record<string, unknown>> & { readonly id: string } {
  const fields = objectOr(item);
  const isMessage = (fields.type ?? 'message') === 'message';
  return { ...fields, type: fields.type ?? 'message', id: newId(isMessage ? 'msg' : 'item', nowMs) };
}
