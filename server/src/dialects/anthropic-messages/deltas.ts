import type { JsonObject } from '../dialect.ts';
import { objectOr } from '../json.ts';
import type { AnswerEvent, Opaque } from '../neutral.ts';
import { readCitation, signatureOf } from './decode-blocks.ts';

/** Returns the neutral events of one delta of a block. */
export function deltaEvents(block: number, delta: JsonObject): AnswerEvent[] {
  switch (delta.type) {
    case 'text_delta':
      return said('text', block, delta.text);
    case 'thinking_delta':
      return said('thinking', block, delta.thinking);
    case 'signature_delta':
      return signed(block, signatureOf(delta.signature));
    case 'input_json_delta':
      return typeof delta.partial_json === 'string' && delta.partial_json !== ''
        ? [{ is: 'arguments', block, json: delta.partial_json }]
        : [];
    case 'citations_delta':
      return readCitation(objectOr(delta.citation)).map((citation) => ({ is: 'citation', block, citation }));
    default:
      return [];
  }
}

function signed(block: number, signature: Opaque | null): AnswerEvent[] {
  return signature === null ? [] : [{ is: 'signature', block, signature }];
}

function said(is: 'text' | 'thinking', block: number, text: unknown): AnswerEvent[] {
  return typeof text === 'string' && text !== '' ? [{ is, block, text }] : [];
}
