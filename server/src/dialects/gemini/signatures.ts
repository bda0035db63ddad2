import type { Opaque } from '../neutral.ts';
import { opaqueOf, opaqueText } from '../opaque.ts';

/**
 * Signatures in `thoughtSignature`. The field holds base64, and some SDKs decode it and encode it again in the other alphabet. So
 * another vendor's data is written as base64 too.
 */

/** The beginning of the base64 of a mark that opaque.ts writes. */
const MARKED = Buffer.from('headgate.').toString('base64');
/** The word with which Google's newest models accept a call whose signature is lost. */
export const SKIP_VALIDATOR = 'skip_thought_signature_validator';

/** Returns the text of an opaque value in Gemini's field. */
export function signatureText(opaque: Opaque): string {
  const text = opaqueText(opaque, 'google');
  return opaque.issuer === 'google' ? text : Buffer.from(text).toString('base64');
}

/** Reads such a text; null if it is none, or the word that stands for none. */
export function signatureOf(text: unknown): Opaque | null {
  if (typeof text !== 'string' || text === '' || text === SKIP_VALIDATOR) return null;
  if (!text.startsWith(MARKED)) return { issuer: 'google', data: text };
  return opaqueOf(Buffer.from(text, 'base64').toString('utf8'), 'google');
}
