/** Every way in which a vendor is known to fail, by the names the conformance kit gives them, and a few of its own. */
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { errorBody, streamedAnswer, streamedError, type VendorEvent, type VendorKind, wholeAnswer } from './vendor-answers.ts';
import { type Exchange, writeEvents, writeStream, writeWhole } from './vendor-exchange.ts';

const FAULT = /fault:([a-z0-9]+)(?::(.+))?$/;

export function isFault(model: string): boolean {
  return FAULT.test(model);
}

/** Answers as the model's name says. `failures` counts those of `flaky` by model. */
export async function playFault(exchange: Exchange, failures: Map<string, number>): Promise<void> {
  const { model, kind } = exchange.record;
  const [, name = '', arg = ''] = FAULT.exec(model) ?? [];
  if (name === 'flaky') {
    const failed = failures.get(model) ?? 0;
    failures.set(model, failed + 1);
    if (failed < Number(arg)) return say(exchange, ...ERRORS['500'](kind));
    return plain(exchange);
  }
  const error = ERRORS[name as keyof typeof ERRORS];
  if (error !== undefined) return say(exchange, ...error(kind));
  await (BEHAVIOURS[name] ?? plain)(exchange, arg);
}

type Headers = Readonly<Record<string, string>>;
type Said = readonly [status: number, body: string, headers?: Headers];

const ERRORS = {
  '401': (kind: VendorKind): Said => [
    401,
    errorBody(kind, 'authentication_error', 'Incorrect API key provided: sk-PROVIDER-SECRET.', 'invalid_api_key'),
  ],
  '429': (kind: VendorKind): Said => [429, errorBody(kind, 'rate_limit_error', 'Rate limit reached', 'rate_limit_exceeded')],
  '429ra': (kind: VendorKind): Said => [
    429,
    errorBody(kind, 'rate_limit_error', 'Rate limit reached', 'rate_limit_exceeded'),
    { 'retry-after': '2', 'retry-after-ms': '1500' },
  ],
  quota: (kind: VendorKind): Said => [
    429,
    errorBody(kind, 'insufficient_quota', 'You exceeded your current quota', 'insufficient_quota'),
  ],
  '500': (kind: VendorKind): Said => [500, errorBody(kind, 'server_error', 'The server had an error.')],
  '503': (kind: VendorKind): Said => [503, errorBody(kind, 'server_error', 'overloaded')],
  '529': (_kind: VendorKind): Said => [
    529,
    errorBody('anthropic', 'overloaded_error', 'Overloaded'),
    { 'x-should-retry': 'true' },
  ],
  html502: (_kind: VendorKind): Said => [
    502,
    '<html><body><h1>502 Bad Gateway</h1></body></html>',
    { 'content-type': 'text/html' },
  ],
  empty: (_kind: VendorKind): Said => [200, ''],
  badjson: (_kind: VendorKind): Said => [200, '{"id":"x","choices":[{'],
  redirect: (_kind: VendorKind): Said => [302, '', { location: 'http://169.254.169.254/latest/meta-data/' }],
};

function say({ response }: Exchange, status: number, body: string, headers: Headers = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(body);
}

type Behaviour = (exchange: Exchange, arg: string) => void | Promise<void>;

const BEHAVIOURS: Readonly<Record<string, Behaviour>> = {
  hang: () => {},
  reset: ({ request }) => void request.socket.resetAndDestroy(),
  slow: (exchange, arg) => oneByOne(exchange, eventsOf(exchange), Number(arg)),
  split: (exchange) => oneByOne(exchange, eventsOf(exchange).flatMap(bytewise), 0),
  nodone: (exchange) => writeStreamOrWhole(exchange, (events) => events.filter(({ isTerminator }) => !isTerminator)),
  midreset: halfThen(async ({ request }) => {
    await sleep(60);
    request.socket.resetAndDestroy();
  }),
  midhang: halfThen(() => {}),
  miderror: halfThen(({ response, record }) => void response.end(streamedError(record.kind))),
  cutjson: cutJson,
  usage: (exchange, arg) => {
    const [input = 0, output = 0] = arg.split(':').map(Number);
    return plain({ ...exchange, usage: { input, output } });
  },
  huge: (exchange, arg) => {
    const { kind, model } = exchange.record;
    return writeWhole(exchange, wholeAnswer(kind, model, 0, exchange.usage, 'x'.repeat(Number(arg) * 1024 * 1024)));
  },
};

function plain(exchange: Exchange): void | Promise<void> {
  return writeStreamOrWhole(exchange, (events) => events);
}

function eventsOf({ record, words, usage }: Exchange): VendorEvent[] {
  return streamedAnswer(record.kind, record.model, words, usage);
}

function writeStreamOrWhole(exchange: Exchange, change: (events: VendorEvent[]) => VendorEvent[]): void | Promise<void> {
  const { record, words, usage } = exchange;
  if (record.stream) return writeStream(exchange, change(eventsOf(exchange)));
  return writeWhole(exchange, wholeAnswer(record.kind, record.model, words, usage));
}

/** Half a stream, then what happens to it; a whole answer is not touched. */
function halfThen(happens: (exchange: Exchange) => void | Promise<void>): Behaviour {
  return async (exchange) => {
    if (!exchange.record.stream) return plain(exchange);
    const events = eventsOf(exchange);
    await writeEvents(exchange, events.slice(0, events.length >> 1));
    await happens(exchange);
  };
}

async function oneByOne(exchange: Exchange, events: readonly VendorEvent[], pauseMs: number): Promise<void> {
  if (!exchange.record.stream) return plain(exchange);
  for (const event of events) {
    await writeEvents(exchange, [event]);
    await (pauseMs === 0 ? nextTurn() : sleep(pauseMs));
  }
  exchange.record.isComplete = true;
  exchange.response.end();
}

/** The same event in writes of one byte; what it carries counts with the last. */
function bytewise(event: VendorEvent): VendorEvent[] {
  const bytes = [...event.bytes];
  return bytes.map((byte, at) =>
    at === bytes.length - 1 ? { ...event, bytes: byte } : { ...event, bytes: byte, textBytes: 0, usage: null },
  );
}

/** A whole answer whose connection breaks in its middle. */
async function cutJson(exchange: Exchange): Promise<void> {
  const { request, response, record, words, usage } = exchange;
  const body = wholeAnswer(record.kind, record.model, words, usage);
  const half = body.slice(0, body.length >> 1);
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length });
  response.write(half);
  record.textBytes = half.length;
  await sleep(60);
  request.socket.resetAndDestroy();
}
