/** The minimum of HTTP/1.1 that the two load generators need. */

/** The address of a request, and its headers. */
export interface Destination {
  readonly port: number;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Keys to use in turn, one call each, instead of the one in the headers. Streams ignore them. */
  readonly secrets?: readonly string[];
}

/** Returns a POST as text, ready to be written to a socket. The body is ASCII. */
export function requestText(to: Destination, body: string): string {
  const headers = {
    host: `127.0.0.1:${to.port}`,
    'content-type': 'application/json',
    'content-length': body.length,
    ...to.headers,
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `POST ${to.path} HTTP/1.1\r\n${lines.join('')}\r\n${body}`;
}

/** Returns true if a message is complete, whichever way its body is framed. `text` is latin1, so that a character is a byte. */
export function isWhole(text: string): boolean {
  const headEnd = text.indexOf('\r\n\r\n');
  if (headEnd === -1) return false;
  const length = /content-length: *(\d+)/i.exec(text.slice(0, headEnd));
  return length === null ? text.endsWith('0\r\n\r\n') : text.length >= headEnd + 4 + Number(length[1]);
}

/** Returns one chunk of a chunked body. */
export function framed(text: string): string {
  return `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;
}
