/** Printable ASCII except the space, the quote and the backslash (of a quoted string), and `%`, which marks encoded bytes. */
const PLAIN = /^[!#$&-[\]-~]*$/;
const PLAIN_BYTES = Uint8Array.from({ length: 256 }, (_, code) => (code < 0x80 && PLAIN.test(String.fromCharCode(code)) ? 1 : 0));

/**
 * Encodes a name that others chose for a header's value, also inside quotes. The result is ASCII; all else is percent-encoded
 * UTF-8, so that `decodeURIComponent` returns the name. Half of a surrogate pair becomes the replacement character. Never throws.
 */
export function headerText(name: string): string {
  if (PLAIN.test(name)) return name;
  let text = '';
  for (const byte of Buffer.from(name)) {
    text += PLAIN_BYTES[byte] === 1 ? String.fromCharCode(byte) : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return text;
}
