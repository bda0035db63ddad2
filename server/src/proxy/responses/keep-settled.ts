import { callerOf } from '../authenticate.ts';
import type { Gateway } from '../gateway.ts';
import type { Admission } from '../walk.ts';
import { endInBackground, type SettledAs } from './background.ts';
import type { StoredSide } from './continued.ts';

/**
 * Stores what a settled request leaves, after its answer: the response if its answer came to an end, the end of one in the background
 * however it ended, and what it adds to its conversation.
 */
export function keepSettled({ key, asked }: Admission, side: StoredSide, ending: SettledAs, gateway: Gateway): void {
  const { id, previousId, conversationId, input, response, run } = side;
  if (run !== null) endInBackground(run, side, ending, gateway);
  if (response === null) return;
  const caller = callerOf(key);
  const output = Array.isArray(response.output) ? (response.output as readonly unknown[]) : [];
  if (conversationId !== null) side.kept = gateway.conversations.append(caller, conversationId, [...input, ...output]);
  if (id === null || run !== null) return;
  const status = response.status === 'incomplete' ? 'incomplete' : 'completed';
  gateway.responses.keep(caller, { id, previousId, model: asked.facts.model, status, input, response });
}
