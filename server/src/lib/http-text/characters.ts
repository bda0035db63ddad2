/**
 * The bytes that HTTP/1.1 allows in each place (RFC 9112 and RFC 9110). Never wider than Node's own parser, in some places
 * narrower.
 */

/** A byte of a header's name: `tchar`. */
export const IN_NAME = 1;
/**
 * A byte of a header's value: tab, space, visible ASCII. Bytes above ASCII are left to the full parsers, each of which decodes
 * them in its own way.
 */
export const IN_VALUE = 2;
/** A byte of a request's target: the characters of a URI (RFC 3986), without a fragment. */
export const IN_TARGET = 4;

const TOKEN = "!#$%&'*+-.^_`|~";
const TARGET = "-._~:/?@!$&'()*+,;=%";

/** The sets that each byte belongs to. */
export const KIND = kinds();

function kinds(): Uint8Array {
  const kind = new Uint8Array(256);
  const isAlphanumeric = (code: number) => /[A-Za-z0-9]/.test(String.fromCharCode(code));
  for (let code = 0; code < 256; code += 1) {
    const text = String.fromCharCode(code);
    if (isAlphanumeric(code) || TOKEN.includes(text)) kind[code] = (kind[code] as number) | IN_NAME;
    if (code === 9 || (code >= 0x20 && code <= 0x7e)) kind[code] = (kind[code] as number) | IN_VALUE;
    if (isAlphanumeric(code) || TARGET.includes(text)) kind[code] = (kind[code] as number) | IN_TARGET;
  }
  return kind;
}

/** Matches a character that we must not write into a header's value, because it could end the value or the head early. */
export const UNWRITABLE = /[^\t\x20-\x7e\x80-\xff]/;
/** The same by byte: 1 if it may be written. */
export const IS_WRITABLE = Uint8Array.from({ length: 256 }, (_, code) => (UNWRITABLE.test(String.fromCharCode(code)) ? 0 : 1));

/** The value of a hexadecimal digit by its byte; -1 for any other. */
export const HEX_VALUE = Int8Array.from({ length: 256 }, (_, code) => {
  const text = String.fromCharCode(code);
  return /[0-9a-fA-F]/.test(text) ? Number.parseInt(text, 16) : -1;
});

export const TAB = 9;
export const LF = 10;
export const CR = 13;
export const SPACE = 32;
export const COLON = 58;

/** Parses a length of at most 15 digits without a leading zero. Returns -1 for anything else. */
export function plainLength(text: string): number {
  if (text.length === 0 || text.length > 15 || (text.length > 1 && text.charCodeAt(0) === 48)) return -1;
  let length = 0;
  for (let at = 0; at < text.length; at += 1) {
    const digit = text.charCodeAt(at) - 48;
    if (digit < 0 || digit > 9) return -1;
    length = length * 10 + digit;
  }
  return length;
}
