/** HTTP by the byte: what no client library would send, and what came back as it came. */
import { connect, type Socket } from 'node:net';
import type { Writable } from 'node:stream';

export interface RawAnswer {
  /** 0 when the connection ended without an answer. */
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Decoded from chunks where it was sent in chunks. */
  readonly body: string;
  /** Everything that came, this answer and whatever followed it. */
  readonly everything: string;
  /** Whether the other side closed the connection. */
  readonly closed: boolean;
}

export interface RawOptions {
  /** Stop waiting when nothing came for this long; an answer with a length is complete before. */
  readonly quietMs?: number;
  /** Sent piece by piece, a turn apart. */
  readonly pieces?: readonly (string | Buffer)[];
}

/** Sends the bytes, reads until the answer is complete, the connection ends or nothing comes any more. */
export async function sendRaw(port: number, bytes: string | Buffer, options: RawOptions = {}): Promise<RawAnswer> {
  const socket = connect(port, '127.0.0.1');
  try {
    return await exchangeRaw(socket, bytes, options);
  } finally {
    socket.destroy();
  }
}

/** One exchange on an open connection, which stays open. */
export function exchangeRaw(socket: Socket, bytes: string | Buffer, options: RawOptions = {}): Promise<RawAnswer> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let closed = false;
    const done = () => {
      clearTimeout(quiet);
      for (const [name, listener] of Object.entries(listeners)) socket.off(name, listener);
      resolve(readAnswer(Buffer.concat(chunks).toString('latin1'), closed));
    };
    const end = () => {
      closed = true;
      done();
    };
    const listeners = {
      data: (chunk: Buffer) => {
        chunks.push(chunk);
        quiet.refresh();
        if (isComplete(Buffer.concat(chunks).toString('latin1'))) setImmediate(done);
      },
      end,
      error: end,
      close: end,
    };
    const quiet = setTimeout(done, options.quietMs ?? 5_000);
    for (const [name, listener] of Object.entries(listeners)) socket.on(name, listener);
    void writePieces(socket, options.pieces ?? [bytes]);
  });
}

/** Waits for room between pieces, so that a large body is not held twice. */
async function writePieces(socket: Socket, pieces: readonly (string | Buffer)[]): Promise<void> {
  for (const piece of pieces) {
    if (socket.destroyed) return;
    const hasRoom = socket.write(typeof piece === 'string' ? Buffer.from(piece, 'latin1') : piece);
    await (hasRoom ? new Promise((go) => setImmediate(go)) : room(socket));
  }
}

/** Resolves when there is room for more, or nobody who would take it. */
export function room(socket: Writable): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      socket.off('drain', done).off('close', done);
      resolve();
    };
    socket.on('drain', done).on('close', done);
  });
}

function isComplete(text: string): boolean {
  const head = text.indexOf('\r\n\r\n');
  if (head < 0) return false;
  const length = /^content-length: *(\d+)/im.exec(text.slice(0, head));
  if (length !== null) return text.length >= head + 4 + Number(length[1]);
  return text.endsWith('\r\n0\r\n\r\n') || text.slice(head).endsWith('\r\n\r\n0\r\n\r\n');
}

function readAnswer(everything: string, closed: boolean): RawAnswer {
  const end = everything.indexOf('\r\n\r\n');
  if (end < 0) return { status: 0, headers: {}, body: '', everything, closed };
  const [first = '', ...lines] = everything.slice(0, end).split('\r\n');
  const pairs = lines.map((line) => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()] as const;
  });
  const headers = Object.fromEntries(pairs);
  const rest = everything.slice(end + 4);
  const body =
    headers['transfer-encoding'] === 'chunked'
      ? unchunked(rest)
      : rest.slice(0, Number(headers['content-length'] ?? rest.length));
  return { status: Number(first.split(' ')[1]), headers, body: Buffer.from(body, 'latin1').toString('utf8'), everything, closed };
}

/** What has arrived of a chunked body; a last chunk that was cut counts as far as it came. */
function unchunked(text: string): string {
  let body = '';
  let at = 0;
  for (;;) {
    const line = text.indexOf('\r\n', at);
    const size = line < 0 ? Number.NaN : Number.parseInt(text.slice(at, line), 16);
    if (!(size > 0)) return body;
    body += text.slice(line + 2, line + 2 + size);
    at = line + 2 + size + 2;
  }
}

/** A POST with a JSON body and a key, as bytes. `headers` are lines and come last; the length is right unless one of them says another. */
export function postBytes(path: string, secret: string | null, body: string | Buffer, headers: readonly string[] = []): Buffer {
  const bytes = typeof body === 'string' ? Buffer.from(body) : body;
  const named = new Set(headers.map((line) => line.split(':')[0]?.trim().toLowerCase()));
  const standard = [
    'host: gateway.test',
    ...(secret === null ? [] : [`authorization: Bearer ${secret}`]),
    ...(named.has('content-type') ? [] : ['content-type: application/json']),
    ...(named.has('content-length') || named.has('transfer-encoding') ? [] : [`content-length: ${bytes.length}`]),
  ];
  return Buffer.concat([
    Buffer.from(`POST ${path} HTTP/1.1\r\n${[...standard, ...headers].join('\r\n')}\r\n\r\n`, 'latin1'),
    bytes,
  ]);
}
