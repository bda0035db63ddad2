import { isObject, parseJson } from '../json.ts';
import { ISSUERS, type Part } from '../neutral.ts';

/**
 * Thinking of another provider in the `encrypted_content` of a reasoning item. It holds what that provider signed, so that the
 * client returns it unchanged. It is not encrypted: the caller may read its own model's thinking.
 */
const MARK = 'headgate.thinking.';

/** Returns the text for a signed or redacted thinking part; null if there is nothing to return to a provider. */
export function sealedThinking(part: Part): string | null {
  if (part.is === 'redacted_thinking') return MARK + encoded({ issuer: part.data.issuer, data: part.data.data });
  if (part.is !== 'thinking' || part.signature === null) return null;
  return MARK + encoded({ issuer: part.signature.issuer, text: part.text, signature: part.signature.data });
}

/** Returns the thinking in such a text; null if it was sealed by somebody else. */
export function openedThinking(sealed: unknown): Part | null {
  if (!isSealedHere(sealed)) return null;
  const json = parseJson(Buffer.from(sealed.slice(MARK.length), 'base64url').toString('utf8'));
  if (!isObject(json)) return null;
  const { text, signature, data } = json;
  // Earlier versions sealed only Anthropic's thinking, and named no issuer.
  const issuer = json.issuer === undefined ? 'anthropic' : ISSUERS.find((one) => one === json.issuer);
  if (issuer === undefined) return null;
  if (typeof data === 'string') return { is: 'redacted_thinking', data: { issuer, data } };
  return typeof text === 'string' && typeof signature === 'string'
    ? { is: 'thinking', text, signature: { issuer, data: signature } }
    : null;
}

/** Reports whether the text is ours. No provider can read it. */
export function isSealedHere(sealed: unknown): sealed is string {
  return typeof sealed === 'string' && sealed.startsWith(MARK);
}

function encoded(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
