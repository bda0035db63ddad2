import type { JsonObject } from '../dialect.ts';
import { isObject } from '../json.ts';
import { believed, countOf, isCount, type Reported } from '../plausible.ts';
import { BadField, type MediaFacts, textIn } from './fields.ts';

/**
 * Returns the facts of a text to speak. It is billed by the character, which is known before. Only a stream of events reports tokens,
 * so only there can tokens be billed instead.
 */
export function speechFacts(body: JsonObject): MediaFacts {
  const text = textIn(body, 'input');
  const { stream_format: format } = body;
  if (format !== undefined && format !== null && format !== 'audio' && format !== 'sse')
    throw new BadField('stream_format', 'stream_format must be "audio" or "sse"');
  const stream = format === 'sse';
  const pieces = { unit: 'character', most: charactersOf(text), orTokens: stream ? 'audio_output' : null } as const;
  return { stream, beyond: [{ is: 'pieces', param: 'input', pieces }] };
}

/** Counts characters as vendors do: one for each code point. */
function charactersOf(text: string): number {
  let characters = 0;
  for (let at = 0; at < text.length; at += (text.codePointAt(at) as number) > 0xffff ? 2 : 1) characters += 1;
  return characters;
}

/** Reads the tokens of spoken text. All output is sound. */
export function speechTokens(usage: unknown): Reported {
  if (!isObject(usage)) return null;
  const { input_tokens: input, output_tokens: output } = usage;
  if ((input ?? output ?? null) === null) return null;
  if (!isCount(input) || !isCount(output)) return 'implausible';
  return believed({ input: countOf(input), audio_output: countOf(output) });
}
