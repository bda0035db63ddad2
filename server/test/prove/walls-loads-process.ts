/**
 * What walls-loads.ts puts on a gateway, in a process of its own, so that its work can stand aside: on a network it would be done on another
 * machine. It begins at `go`, ends at `stop`, and then says what came of it.
 */
import { Agent, createServer, request } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { newKeySecret } from '../../src/lib/secrets.ts';

export type LoadOrder =
  | { readonly is: 'sign-ins'; readonly port: number; readonly atOnce: number; readonly people: readonly Credentials[] }
  | { readonly is: 'unknown keys'; readonly port: number; readonly perSecond: number }
  | {
      readonly is: 'webhooks';
      readonly port: number;
      readonly perSecond: number;
      readonly adminToken: string;
      readonly organizationId: string;
    };

export interface Credentials {
  readonly email: string;
  readonly password: string;
}

/** What was asked since it began, by status; `0` for a broken connection. `received`: what reached the slow receiver. */
export interface LoadDone {
  readonly forMs: number;
  readonly answered: Readonly<Record<number, number>>;
  readonly received: number;
}

interface Load {
  go(): void;
  stop(): void;
}

const answered: Record<number, number> = {};
let received = 0;
const count = (status: number) => {
  answered[status] = (answered[status] ?? 0) + 1;
};

async function obey(order: LoadOrder): Promise<void> {
  const load = await makeLoad(order);
  let beganMs = 0;
  process.on('message', (word) => {
    if (word === 'go') {
      for (const status of Object.keys(answered)) delete answered[Number(status)];
      received = 0;
      beganMs = performance.now();
      load.go();
      return;
    }
    load.stop();
    process.send?.({ forMs: performance.now() - beganMs, answered, received } satisfies LoadDone);
  });
  process.on('disconnect', () => process.exit(0));
  process.send?.('ready');
}

function makeLoad(order: LoadOrder): Promise<Load> | Load {
  switch (order.is) {
    case 'sign-ins':
      return signIns(order);
    case 'unknown keys':
      return unknownKeys(order);
    case 'webhooks':
      return webhooks(order);
  }
}

/** So many sign-ins are under way all the time, each from an address of its own: half of them right, half of addresses nobody has. */
function signIns({ port, atOnce, people }: Extract<LoadOrder, { is: 'sign-ins' }>): Load {
  const post = poster(port, atOnce);
  let isOn = false;
  let turn = 0;
  const one = () => {
    if (!isOn) return;
    turn += 1;
    const nth = turn;
    const nobody = { email: `nobody-${nth}@example.test`, password: 'no such password' };
    const body = nth % 2 === 0 ? (people[nth % people.length] ?? nobody) : nobody;
    const from = `10.${(nth >> 16) & 255}.${(nth >> 8) & 255}.${nth & 255}`;
    post('/api/v1/session/sign-in', body, { 'x-forwarded-for': from, origin: `http://127.0.0.1:${port}` }, (status) => {
      count(status);
      one();
    });
  };
  return {
    go: () => {
      isOn = true;
      for (let at = 0; at < atOnce; at += 1) one();
    },
    stop: () => {
      isOn = false;
    },
  };
}

const CONNECTIONS = 40;
const TICK_MS = 4;
/** Unanswered, on one connection. */
const PIPELINED_MAX = 25;

/** Well-formed keys that nobody has, none of them twice. */
function unknownKeys({ port, perSecond }: Extract<LoadOrder, { is: 'unknown keys' }>): Load {
  const body = JSON.stringify({ model: 'any', max_tokens: 5, messages: [{ role: 'user', content: 'Hi.' }] });
  const bytes = () =>
    `POST /v1/chat/completions HTTP/1.1\r\nhost: gateway.test\r\nauthorization: Bearer ${newKeySecret()}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
  const lines = Array.from({ length: CONNECTIONS }, () => openLine(port));
  let timer: NodeJS.Timeout | undefined;
  return {
    go: () => {
      const beganMs = performance.now();
      let sent = 0;
      timer = setInterval(() => {
        const due = Math.floor(((performance.now() - beganMs) * perSecond) / 1_000);
        for (; sent < due; sent += 1) if (lines[sent % CONNECTIONS]?.send(bytes()) !== true) count(0);
      }, TICK_MS);
    },
    stop: () => clearInterval(timer),
  };
}

interface Line {
  /** False: too much on it waits for its answer. */
  send(bytes: string): boolean;
}

/** A connection that is made again when it ends. */
function openLine(port: number): Line {
  let waiting = 0;
  let socket: Socket | null = null;
  let rest = '';
  const open = () => {
    [waiting, rest] = [0, ''];
    const opened = connect(port, '127.0.0.1').setNoDelay(true).setEncoding('latin1');
    opened.on('data', (text: string) => {
      const all = rest + text;
      const heads = all.match(/HTTP\/1\.1 \d{3}/g) ?? [];
      for (const head of heads) count(Number(head.slice(-3)));
      waiting = Math.max(0, waiting - heads.length);
      // A status line may be cut anywhere; a whole one is 12 characters and is not to be counted twice.
      rest = all.slice(Math.max(all.lastIndexOf('HTTP/1.1 ') + 12, all.length - 11));
    });
    opened.on('error', () => {});
    opened.on('close', () => {
      if (socket === opened) socket = null;
    });
    return opened;
  };
  return {
    send: (bytes) => {
      if (waiting >= PIPELINED_MAX) return false;
      socket ??= open();
      waiting += 1;
      socket.write(bytes);
      return true;
    },
  };
}

/** Messages to a receiver that takes them and never answers. */
async function webhooks({ port, perSecond, adminToken, organizationId }: Extract<LoadOrder, { is: 'webhooks' }>): Promise<Load> {
  const receiver = createServer((incoming) => {
    received += 1;
    incoming.resume();
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => receiver.once('listening', resolve));
  const post = poster(port, 20);
  const bearer = { authorization: `Bearer ${adminToken}` };
  const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`;
  const hook = { organization_id: organizationId, name: 'Slow', url, events: ['budget.threshold'] };
  const id = await new Promise<string>((resolve, reject) =>
    post('/api/v1/webhooks', hook, bearer, (status, text) =>
      status === 201 ? resolve((JSON.parse(text) as { id: string }).id) : reject(new Error(`POST /webhooks: ${status} ${text}`)),
    ),
  );
  let timer: NodeJS.Timeout | undefined;
  return {
    go: () => {
      timer = setInterval(() => post(`/api/v1/webhooks/${id}/test`, null, bearer, count), 1_000 / perSecond);
    },
    stop: () => clearInterval(timer),
  };
}

type Post = (
  path: string,
  body: object | null,
  headers: Readonly<Record<string, string>>,
  then: (status: number, text: string) => void,
) => void;

function poster(port: number, maxSockets: number): Post {
  const agent = new Agent({ keepAlive: true, maxSockets });
  return (path, body, headers, then) => {
    const text = body === null ? null : JSON.stringify(body);
    const type = text === null ? {} : { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(text)) };
    const sent = request({ port, host: '127.0.0.1', method: 'POST', path, agent, headers: { ...headers, ...type } }, (answer) => {
      let said = '';
      answer.setEncoding('utf8').on('data', (part: string) => {
        said += part;
      });
      answer.on('end', () => then(answer.statusCode ?? 0, said));
    });
    sent.on('error', () => then(0, ''));
    sent.end(text ?? undefined);
  };
}

const [order] = process.argv.slice(2);
if (order !== undefined && process.send !== undefined) await obey(JSON.parse(order) as LoadOrder);
