import type { JsonObject } from '../dialect.ts';
import { UnreadableAnswer, Untranslatable } from '../dialect.ts';
import { inBandError } from '../error-event.ts';
import { objectOr, stringOr } from '../json.ts';
import { saidModel } from '../model-names.ts';
import type { NeutralAnswer, Part } from '../neutral.ts';
import { tierOf, usageOf } from '../usage.ts';
import { readBlocks } from './decode-blocks.ts';
import { stopOfStopReason } from './stop-words.ts';

/** Decodes a whole Anthropic answer into the neutral form. Throws UnreadableAnswer if it has no content. */
export function decodeMessagesAnswer(json: JsonObject): NeutralAnswer {
  if (!Array.isArray(json.content)) throw new UnreadableAnswer(inBandError(json) ?? 'the provider answered without content');
  const word = stringOr(json.stop_reason, null);
  return {
    id: stringOr(json.id, ''),
    model: saidModel(json.model),
    parts: json.content.flatMap(knownParts),
    stop: stopOfStopReason(word ?? 'end_turn'),
    stopWord: word,
    stopSequence: stringOr(json.stop_sequence, null),
    usage: usageOf('anthropic-messages', json),
    serviceTier: stringOr(objectOr(json.usage).service_tier, null),
    billedTier: tierOf('anthropic-messages', json),
  };
}

/** Decodes a block, and leaves out unknown kinds: the rest of the answer was paid for and is still useful. */
function knownParts(block: unknown): Part[] {
  try {
    return readBlocks([block], 'content', null);
  } catch (error) {
    if (error instanceof Untranslatable) return [];
    throw error;
  }
}
