/** A provider of both kinds in this process that answers each case as its seed says, on plain sockets: nothing checks what it writes. */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { type Asking, answerFor, type HostileAnswer, type ProviderKind } from './hostile-answer.ts';

export interface HostileProvider {
  /** Without `/v1`. */
  readonly base: string;
  /** How many calls wait to be let go. */
  waiting(): number;
  letGo(): void;
  stop(): Promise<void>;
}

/** The prompt of a case says which it is, and whether its answer waits; the prompt of anybody else is answered as it should be. */
export function promptOf(n: number, waits = false): string {
  return `${waits ? 'wait' : 'case'} ${n}.`;
}

const PROMPT = /(case|wait) (\d+)\./;
const HEAD_END = Buffer.from('\r\n\r\n');

export async function startHostileProvider(seed: number): Promise<HostileProvider> {
  const sockets = new Set<Socket>();
  const held = new Set<() => void>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => {}); // The gateway may be killed.
    new Connection(socket, seed, held);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    base: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    waiting: () => held.size,
    letGo: () => {
      for (const go of held) go();
      held.clear();
    },
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

class Connection {
  readonly #socket: Socket;
  readonly #seed: number;
  readonly #held: Set<() => void>;
  #read: Buffer = Buffer.alloc(0);

  constructor(socket: Socket, seed: number, held: Set<() => void>) {
    this.#socket = socket;
    this.#seed = seed;
    this.#held = held;
    socket.setNoDelay(true);
    socket.on('data', (bytes: Buffer) => this.#data(bytes));
  }

  #data(bytes: Buffer): void {
    this.#read = this.#read.length === 0 ? bytes : Buffer.concat([this.#read, bytes]);
    for (;;) {
      const end = this.#read.indexOf(HEAD_END);
      if (end === -1) return;
      const head = this.#read.toString('latin1', 0, end);
      const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0);
      const next = end + HEAD_END.length + length;
      if (this.#read.length < next) return;
      const body = this.#read.toString('utf8', end + HEAD_END.length, next);
      this.#read = this.#read.subarray(next);
      this.#answer(head, body);
    }
  }

  #answer(head: string, body: string): void {
    const path = head.slice(0, head.indexOf('\r\n')).split(' ')[1] ?? '';
    const [kind, asking] = askedAt(path);
    const [, word, n] = PROMPT.exec(body) ?? [];
    const stream = /"stream":\s*true/.test(body);
    // What is no case is answered as it should be: seed 0 is nobody's.
    const answer =
      n === undefined || word === 'wait'
        ? honestAnswer(kind, asking, stream)
        : answerFor(this.#seed, Number(n), kind, asking, stream);
    if (word === 'wait') this.#held.add(() => send(this.#socket, answer));
    else send(this.#socket, answer);
  }
}

function askedAt(path: string): readonly [ProviderKind, Asking] {
  if (path.startsWith('/v1/messages/count_tokens')) return ['anthropic', 'count_tokens'];
  if (path.startsWith('/v1/messages')) return ['anthropic', 'messages'];
  if (path.startsWith('/v1/completions')) return ['openai', 'completions'];
  return path.startsWith('/v1/embeddings') ? ['openai', 'embeddings'] : ['openai', 'chat'];
}

/** What everybody but the cases is answered. */
const HONEST_SEED = 1;
const HONEST_CASES = new Map<string, HostileAnswer>();

export function honestAnswer(kind: ProviderKind, asking: Asking, stream: boolean): HostileAnswer {
  const name = `${kind} ${asking} ${stream}`;
  const known = HONEST_CASES.get(name);
  if (known !== undefined) return known;
  for (let n = 0; ; n += 1) {
    const answer = answerFor(HONEST_SEED, n, kind, asking, stream);
    if (answer.honest === null) continue;
    HONEST_CASES.set(name, answer);
    return answer;
  }
}

function send(socket: Socket, { status, headers, pieces, framing }: HostileAnswer): void {
  const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
  const framed = framing === 'length' ? `content-length: ${length}\r\n` : 'transfer-encoding: chunked\r\n';
  socket.cork();
  socket.write(Buffer.from(`HTTP/1.1 ${status} Said\r\n${lines}${framed}\r\n`, 'latin1'));
  for (const piece of pieces) {
    if (piece.length === 0) continue;
    if (framing === 'length') socket.write(piece);
    else {
      socket.write(`${piece.length.toString(16)}\r\n`);
      socket.write(piece);
      socket.write('\r\n');
    }
  }
  if (framing === 'chunked') socket.write('0\r\n\r\n');
  socket.uncork();
  if (framing === 'cut') socket.end();
}
