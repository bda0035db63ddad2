import type { JsonObject } from '../dialect.ts';
import { Untranslatable } from '../dialect.ts';
import { endUserOf } from '../end-user.ts';
import { arrayOr, numberOr } from '../json.ts';
import type { Losses } from '../losses.ts';
import type { Hints, NeutralRequest } from '../neutral.ts';
import { text } from '../neutral.ts';
import { onlyText } from './prompts.ts';

/**
 * Decodes a text completion into the neutral form: its prompt is the message of a user, whom the model answers. Throws
 * Untranslatable for several prompts, and for tokens. The table of losses has the rest.
 */
export function decodeCompletionsRequest(body: JsonObject, losses: Losses): NeutralRequest {
  const prompt = onlyText(body);
  if (prompt === null)
    throw new Untranslatable('prompt', 'prompt must be one text: this model reads no tokens, and answers one text per request');
  if (body.max_tokens === 0) throw new Untranslatable('max_tokens', 'max_tokens must be at least 1 for this model');
  return {
    system: [],
    messages: [{ role: 'user', parts: [text(prompt)] }],
    temperature: numberOr(body.temperature, null),
    topP: numberOr(body.top_p, null),
    topK: null,
    stopSequences: typeof body.stop === 'string' ? [body.stop] : arrayOr(body.stop).filter((stop) => typeof stop === 'string'),
    tools: [],
    toolChoice: null,
    parallelTools: null,
    output: null,
    reasoning: null,
    endUser: endUserOf(body, losses),
    serviceTier: null,
    hints: hintsOf(body),
  };
}

function hintsOf({ seed, presence_penalty, frequency_penalty }: JsonObject): Hints {
  return {
    ...(typeof seed === 'number' && { seed }),
    ...(typeof presence_penalty === 'number' && { presencePenalty: presence_penalty }),
    ...(typeof frequency_penalty === 'number' && { frequencyPenalty: frequency_penalty }),
  };
}
