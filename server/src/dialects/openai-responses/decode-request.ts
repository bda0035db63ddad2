import type { JsonObject } from '../dialect.ts';
import { Untranslatable } from '../dialect.ts';
import { endUserOf } from '../end-user.ts';
import { arrayOr, isObject, numberOr, objectOr, stringOr } from '../json.ts';
import type { Losses } from '../losses.ts';
import type { Hints, NeutralRequest, OutputFormat, Reasoning, TextPart } from '../neutral.ts';
import { text } from '../neutral.ts';
import { readItems } from './decode-items.ts';
import { readToolChoice, readTools } from './decode-tools.ts';

/**
 * Decodes a Responses request into the neutral form. Throws Untranslatable for anything that no other dialect can express.
 * `losses` takes what is left out here; the table of losses has the rest.
 */
export function decodeResponsesRequest(body: JsonObject, losses: Losses): NeutralRequest {
  loseIncluded(body.include, losses);
  const messages = readItems(body.input, losses);
  const leading = messages.findIndex((message) => message.role !== 'system');
  const head = leading === -1 ? messages : messages.slice(0, leading);
  const instructions = stringOr(body.instructions, '');
  return {
    system: [
      ...(instructions === '' ? [] : [text(instructions)]),
      ...head.flatMap((message) => message.parts).filter((part): part is TextPart => part.is === 'text'),
    ],
    messages: leading === -1 ? [] : messages.slice(leading),
    temperature: numberOr(body.temperature, null),
    topP: numberOr(body.top_p, null),
    topK: null,
    stopSequences: [],
    tools: readTools(body, losses),
    toolChoice: readToolChoice(body.tool_choice),
    parallelTools:
      typeof body.parallel_tool_calls === 'boolean' ? (body.parallel_tool_calls ? 'allowed' : 'one_at_a_time') : null,
    output: outputOf(objectOr(objectOr(body.text).format)),
    reasoning: reasoningOf(objectOr(body.reasoning)),
    endUser: endUserOf(body, losses),
    serviceTier: body.service_tier === 'auto' ? 'auto' : body.service_tier === 'default' ? 'standard' : null,
    hints: hintsOf(body),
  };
}

/** Notes what the answer cannot include. Thinking is returned in a form of our own. */
function loseIncluded(include: unknown, losses: Losses): void {
  for (const what of arrayOr(include)) {
    if (what === 'message.output_text.logprobs')
      throw new Untranslatable('include', 'this model does not report the probabilities of its tokens');
    if (typeof what === 'string' && what !== 'reasoning.encrypted_content') losses.dropField('include');
  }
}

function hintsOf({ text, service_tier: tier }: JsonObject): Hints {
  const { verbosity } = objectOr(text);
  return {
    ...(typeof verbosity === 'string' && { verbosity }),
    ...(typeof tier === 'string' && tier !== 'auto' && tier !== 'default' && { otherTier: tier }),
  };
}

function outputOf(format: JsonObject): OutputFormat | null {
  if (format.type === 'json_object') return { is: 'json' };
  if (format.type !== 'json_schema') return null;
  const { name, schema, strict } = format;
  if (!isObject(schema)) return { is: 'json' };
  return { is: 'schema', name: stringOr(name, null), schema, strict: typeof strict === 'boolean' ? strict : null };
}

function reasoningOf({ effort }: JsonObject): Reasoning | null {
  if (typeof effort !== 'string') return null;
  if (effort === 'none') return { mode: 'off', effort: null, budgetTokens: null };
  return { mode: 'on', effort, budgetTokens: null };
}
