import type { JsonObject } from '../dialect.ts';
import { isObject, objectOr, objectsIn, stringOr } from '../json.ts';
import type { Citation, Opaque, Part } from '../neutral.ts';

/** Only Claude signs its thinking, or hides it. */
export function sealed(data: unknown): Opaque | null {
  return typeof data === 'string' && data !== '' ? { issuer: 'anthropic', data } : null;
}

/** Decodes a block of thinking. */
export function thinkingOf({ reasoningText, redactedContent }: JsonObject): Part[] {
  if (isObject(reasoningText))
    return [{ is: 'thinking', text: stringOr(reasoningText.text, ''), signature: sealed(reasoningText.signature) }];
  const data = sealed(redactedContent);
  return data === null ? [] : [{ is: 'redacted_thinking', data }];
}

/** Decodes a citation that names a source on the web. Positions inside a caller's own documents have no equivalent elsewhere. */
export function citationsOf(citation: JsonObject): Citation[] {
  const { url } = objectOr(objectOr(citation.location).web);
  if (typeof url !== 'string') return [];
  const words = objectsIn(citation.sourceContent)
    .map((part) => stringOr(part.text, ''))
    .join('');
  return [{ url, title: stringOr(citation.title, null), citedText: words === '' ? null : words }];
}
