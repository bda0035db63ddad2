import type { JsonObject } from '../../dialects/dialect.ts';
import { repeatedOf, responseObject } from '../../dialects/exchange.ts';
import type { Asked } from '../walk.ts';
import type { StoredSide } from './continued.ts';

/** Returns a response in the background as its client first gets it. */
export function queuedResponse(
  side: StoredSide,
  { body, facts }: Asked,
  nowMs: number,
): JsonObject & { readonly id: string; readonly output?: unknown } {
  const { id, previousId, conversationId } = side;
  if (id === null) throw new Error('a response in the background has no id');
  const said = { model: facts.model, createdAtMs: nowMs, wantsUsage: true, asked: body };
  const state = {
    id,
    model: facts.model,
    status: 'in_progress',
    output: [],
    usage: null,
    incomplete: null,
    error: null,
  } as const;
  return {
    ...responseObject(state, repeatedOf(said)),
    ...{ id, status: 'queued', background: true, store: true, previous_response_id: previousId },
    ...(conversationId !== null && { conversation: { id: conversationId } }),
  };
}
