/** Printable ASCII but for the space, the quote and the backslash (of a quoted string), and `%`, which marks what is encoded. */
const PLAIN = /^[!#$&-[\]-~]*$/;
const PLAIN_BYTES = Uint8Array.from({ length: 256 }, (_, code) => (code < 0x80 && PLAIN.test(String.fromCharCode(code)) ? 1 : 0));

/**
 * A name that others chose as a header's value may say it, inside quotes too: ASCII whatever it holds, everything else as percent-encoded
 * UTF-8, so that `decodeURIComponent` gives the name back. Half of a surrogate pair becomes the replacement character. Never throws.
 */
export function headerText(name: string): string {
  if (PLAIN.test(name)) return name;
  let text = '';
  for (const byte of Buffer.from(name)) {
    text += PLAIN_BYTES[byte] === 1 ? String.fromCharCode(byte) : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return text;
}
