/** What walls-bodies.ts does to a gateway. Each attack ends by itself and says what was not as it must be. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { ROUTES } from '../../src/admin/http/app.ts';
import { hostileCalls } from '../hostile/hostile-calls.ts';
import { exchangeRaw, postBytes, type RawAnswer, room } from '../support/raw-http.ts';
import { inParallel } from './data-plane.ts';
import type { Gateway } from './gateway.ts';

export interface Target {
  readonly gateway: Pick<Gateway, 'port' | 'base' | 'adminToken'>;
  /** Limited to one request a minute, which is used up. */
  readonly limited: string;
  /** Without limits. */
  readonly free: string;
  readonly models: { readonly chat: string; readonly flood: string; readonly embedding: string };
}

/** How much of it was done, and what was wrong. */
export interface Done {
  readonly count: number;
  readonly problems: readonly string[];
}

/** What each attack does, with counts for a quick run and a full one. */
const ATTACKS = {
  '31.5 MB bodies at a used limit': (target, quick) => refusedBodies(target, quick ? 3 : 8),
  'keyless connections': (target, quick) => keylessConnections(target, quick ? 200 : 1_000),
  'slow clients': (target, quick) => slowClients(target, quick ? 500 : 20_000),
  'hostile parameters': (target, quick) => hostileParameters(target, quick ? 0.01 : 1),
  'bodies that are read': (target, quick) => admittedBodies(target, quick ? 1 : 8),
} satisfies Record<string, (target: Target, quick: boolean) => Promise<Done>>;

export type AttackName = keyof typeof ATTACKS;

export function attack(name: AttackName, target: Target, quick: boolean): Promise<Done> {
  return ATTACKS[name](target, quick);
}

const CHAT = '/v1/chat/completions';
const MB = 1024 * 1024;
const BODY_BYTES = Math.floor(31.5 * MB);
const PIECE_BYTES = 256 * 1024;
/** Attackers of the lowest priority may be slow to hear what they were answered. */
const PATIENT = { quietMs: 30_000 };
const NOBODY = 'sk-hg-nobody';

/** Eight kinds of 31.5 MB, each as a text that is repeated inside of a list, an object or a text. */
const SHAPES: Readonly<Record<string, readonly [before: string, repeated: string, after: string]>> = {
  'empty objects': ['[', '{},', '{}]'],
  'empty lists': ['[', '[],', '[]]'],
  numbers: ['[', '0,', '0]'],
  levels: ['', '[', ''],
  'short texts': ['[', '"a",', '"a"]'],
  names: ['{', '"a":0,', '"b":0}'],
  escapes: ['"', '\\n', '"'],
  'one text': ['"', 'xxxxxxxx', '"'],
};

/** A body of the shape in a chat completion, in pieces that are one and the same memory. */
function* piecesOf([before, repeated, after]: readonly [string, string, string], model: string): Generator<Buffer> {
  const head = `{"model":"${model}","max_tokens":5,"messages":[{"role":"user","content":"Hi."}],"z":${before}`;
  const tail = `${after}}`;
  const piece = Buffer.from(repeated.repeat(Math.floor(PIECE_BYTES / repeated.length)));
  let left = BODY_BYTES - head.length - tail.length;
  yield Buffer.from(head);
  for (; left >= piece.length; left -= piece.length) yield piece;
  const rest = Math.floor(left / repeated.length) * repeated.length;
  yield piece.subarray(0, rest);
  yield Buffer.from(tail + ' '.repeat(left - rest));
}

/** 31.5 MB of each kind with a key whose limit is used up: each reads its 429, and never a reset. */
async function refusedBodies({ gateway, limited, models }: Target, kinds: number): Promise<Done> {
  const shapes = Object.entries(SHAPES).slice(0, kinds);
  const problems = await inParallel(shapes, 2, async ([name, shape]) => {
    const { answer, isReset } = await sendLarge(gateway.port, limited, piecesOf(shape, models.chat));
    const isRight = answer.status === 429 && answer.headers.connection === 'close' && !isReset;
    return isRight ? [] : [`31.5 MB of ${name} at a used limit: answered ${answer.status}${isReset ? ', then reset' : ''}`];
  });
  return { count: shapes.length, problems: problems.flat() };
}

/** Sends all of it as a client does that reads only afterwards. */
async function sendLarge(
  port: number,
  secret: string,
  pieces: Iterable<Buffer>,
): Promise<{ answer: RawAnswer; isReset: boolean }> {
  const socket = openSocket(port);
  let isReset = false;
  socket.on('error', () => {
    isReset = true;
  });
  try {
    const answered = exchangeRaw(socket, postBytes(CHAT, secret, '', [`content-length: ${BODY_BYTES}`]), PATIENT);
    for (const piece of pieces) {
      if (socket.destroyed || !socket.writable) break;
      if (!socket.write(piece)) await room(socket);
    }
    return { answer: await answered, isReset };
  } finally {
    socket.destroy();
  }
}

function openSocket(port: number): Socket {
  return connect(port, '127.0.0.1').on('error', () => {});
}

/** Connections without a key that say they have 32 MB less a byte, and stay. Each is told 401 and closed. */
async function keylessConnections({ gateway }: Target, connections: number): Promise<Done> {
  const bytes = Buffer.concat([postBytes(CHAT, NOBODY, '', [`content-length: ${32 * MB - 1}`]), Buffer.alloc(64 * 1024, ' ')]);
  const statuses = await inParallel(Array.from({ length: connections }), 250, async () => {
    const socket = openSocket(gateway.port);
    const answer = await exchangeRaw(socket, bytes, PATIENT);
    await sleep(500);
    socket.destroy();
    return answer.status;
  });
  const wrong = statuses.filter((status) => status !== 401);
  return {
    count: connections,
    problems: wrong.length === 0 ? [] : [`${wrong.length} of ${connections} keyless: ${wrong[0]}, not 401`],
  };
}

/** Clients that are slow or unusual in every way that HTTP allows, all at once for so long. */
async function slowClients({ gateway, free, models }: Target, forMs: number): Promise<Done> {
  const { port } = gateway;
  const sockets: Socket[] = [];
  const open = (bytes: Buffer | string) => {
    const socket = openSocket(port);
    sockets.push(socket);
    socket.write(bytes);
    return socket;
  };
  const body = JSON.stringify({ model: models.chat, max_tokens: 5, messages: [{ role: 'user', content: 'Hi.' }] });
  const flood = JSON.stringify({ model: models.flood, stream: true, messages: [{ role: 'user', content: 'Hi.' }] });
  const many = (make: () => Socket) => Array.from({ length: 20 }, make);
  const slow = [
    ...many(() => open(`POST ${CHAT} HTTP/1.1\r\nhost: x\r\nx-slow: `)),
    ...many(() => open(postBytes(CHAT, free, '', [`content-length: ${MB}`]))),
  ];
  for (const reader of many(() => open(postBytes(CHAT, free, flood)))) reader.pause();
  const short = many(() => open(postBytes(CHAT, free, body.slice(0, -1), [`content-length: ${body.length}`])));
  const trickle = setInterval(() => {
    for (const socket of slow) if (socket.writable) socket.write(' ');
  }, 100);
  const problems: string[] = [];
  const waited = await exchangeRaw(
    openSocket(port),
    postBytes(CHAT, NOBODY, '', [`content-length: ${body.length}`, 'expect: 100-continue']),
    PATIENT,
  );
  if (waited.status !== 401) problems.push(`a client that waits for 100 without a key: answered ${waited.status}`);
  const given = openSocket(port);
  const said = once(given, 'data').then(([bytes]) => String(bytes).split(' ')[1]);
  given.write(postBytes(CHAT, free, '', [`content-length: ${body.length}`, 'expect: 100-continue']));
  const word = await said;
  const answer = await exchangeRaw(given, body, PATIENT);
  if (word !== '100' || answer.status !== 200) problems.push(`a client that waits for 100: ${word}, then ${answer.status}`);
  await sleep(forMs);
  const [last] = short.splice(-1);
  if (last !== undefined && (await exchangeRaw(last, body.slice(-1), PATIENT)).status !== 200)
    problems.push('a body whose last byte came late was not answered');
  clearInterval(trickle);
  for (const socket of [...sockets, given]) socket.destroy();
  return { count: sockets.length + 2, problems };
}

/** What a key that may call sends of large bodies: each is answered, or told to come again. */
async function admittedBodies({ gateway, free, models }: Target, bodies: number): Promise<Done> {
  const problems: string[] = [];
  const input = Array.from({ length: 300_000 }, (_, at) => at % 50_000);
  const embedded = await fetch(`${gateway.base}/v1/embeddings`, {
    method: 'POST',
    headers: { authorization: `Bearer ${free}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: models.embedding, input }),
  });
  await embedded.arrayBuffer();
  if (embedded.status !== 200) problems.push(`an embeddings call of 300,000 numbers was answered ${embedded.status}`);
  const dense = SHAPES['empty objects'] as readonly [string, string, string];
  const { answer: refused } = await sendLarge(gateway.port, free, piecesOf(dense, models.chat));
  if (refused.status !== 400) problems.push(`11 million objects were answered ${refused.status}, not 400`);
  const text = SHAPES['one text'] as readonly [string, string, string];
  const statuses = await inParallel(Array.from({ length: bodies }), 4, async () => {
    return (await sendLarge(gateway.port, free, piecesOf(text, models.chat))).answer.status;
  });
  const wrong = statuses.filter((status) => status !== 200 && status !== 503);
  if (wrong.length > 0 || !statuses.includes(200))
    problems.push(`31.5 MB of text with a key that may: answered ${statuses.join(', ')}`);
  return { count: bodies + 2, problems };
}

/** Every admin operation with hostile values of each parameter; `share` of them, evenly. */
async function hostileParameters({ gateway }: Target, share: number): Promise<Done> {
  const problems: string[] = [];
  let [count, seen] = [0, 0];
  const calls = hostileCalls(ROUTES, () => 'nothing-of-this-name', 'all');
  const headers = { authorization: `Bearer ${gateway.adminToken}`, 'content-type': 'application/json' };
  const worker = async () => {
    for (const { name, method, path, body } of calls) {
      seen += 1;
      if (Math.floor(seen * share) === Math.floor((seen - 1) * share)) continue;
      count += 1;
      const status = await fetch(`${gateway.base}/api/v1${path}`, { method, headers, body }).then(
        async (answer) => {
          await answer.arrayBuffer();
          return answer.status;
        },
        (error: Error) => error.message,
      );
      if (typeof status === 'string' || status >= 500) problems.push(`${name}: answered ${status}`);
    }
  };
  await Promise.all(Array.from({ length: 4 }, worker));
  return { count, problems };
}
