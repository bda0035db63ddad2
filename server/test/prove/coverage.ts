/** What ran of a gateway's code between two looks, by V8's own counts: nothing of the product is changed or traced for it. */

import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Gateway, type GatewayOptions, repository, startGateway } from './gateway.ts';

/** Functions by file (its path in the repository), each by name, in the order in which they stand in the file. */
export type Ran = ReadonlyMap<string, readonly string[]>;

export interface WatchedGateway extends Gateway {
  /** What ran until it was ready, as far as V8 remembers. */
  readonly started: Ran;
  /** What ran since the last look. */
  look(): Promise<Ran>;
}

/** Starts a gateway that answers an inspector on the loopback address, and counts its calls from then on. */
export async function startWatched(options: GatewayOptions = {}): Promise<WatchedGateway> {
  const command = [process.execPath, '--inspect=127.0.0.1:0', 'server/src/main.ts', 'serve'] as const;
  // Code from a compile cache is counted less exactly.
  const env = { ...options.env, NODE_DISABLE_COMPILE_CACHE: '1' };
  const gateway = await startGateway({ ...options, env, command: [...command] });
  const url = /ws:\/\/127\.0\.0\.1:\S+/.exec(gateway.output())?.[0];
  if (url === undefined) throw new Error('the gateway did not say where its inspector listens');
  const inspector = await connect(url);
  await inspector.ask('Profiler.enable');
  const started = ranOf((await inspector.ask('Profiler.getBestEffortCoverage')) as Coverage);
  await inspector.ask('Profiler.startPreciseCoverage', { callCount: true, detailed: false });
  return {
    ...gateway,
    started,
    look: async () => ranOf((await inspector.ask('Profiler.takePreciseCoverage')) as Coverage),
    stop: async () => {
      // An inspector that stays connected keeps the process from ending.
      inspector.close();
      return gateway.stop();
    },
  };
}

interface Coverage {
  readonly result: readonly {
    readonly url: string;
    readonly functions: readonly {
      readonly functionName: string;
      readonly ranges: readonly { readonly startOffset: number; readonly count: number }[];
    }[];
  }[];
}

function ranOf({ result }: Coverage): Ran {
  const ran = new Map<string, readonly string[]>();
  for (const { url, functions } of result) {
    if (!url.startsWith('file://')) continue;
    const file = path.relative(repository, fileURLToPath(url));
    if (file.startsWith('..') || file.includes('node_modules')) continue;
    const called = functions.filter(({ ranges }) => (ranges[0]?.count ?? 0) > 0);
    const inOrder = called.toSorted((a, b) => (a.ranges[0]?.startOffset ?? 0) - (b.ranges[0]?.startOffset ?? 0));
    if (inOrder.length > 0) ran.set(file, [...new Set(inOrder.map(({ functionName }) => functionName))]);
  }
  return ran;
}

interface Inspector {
  ask(method: string, params?: object): Promise<unknown>;
  close(): void;
}

async function connect(url: string): Promise<Inspector> {
  const socket = new WebSocket(url);
  const waiting = new Map<number, (answer: { result?: unknown; error?: { message: string } }) => void>();
  let asked = 0;
  await new Promise((resolve, reject) => {
    socket.addEventListener('open', resolve, { once: true });
    socket.addEventListener('error', () => reject(new Error(`the inspector at ${url} does not answer`)), { once: true });
  });
  socket.addEventListener('message', ({ data }) => {
    const answer = JSON.parse(String(data));
    waiting.get(answer.id)?.(answer);
    waiting.delete(answer.id);
  });
  return {
    ask: (method, params = {}) =>
      new Promise((resolve, reject) => {
        asked += 1;
        waiting.set(asked, ({ result, error }) => (error === undefined ? resolve(result) : reject(new Error(error.message))));
        socket.send(JSON.stringify({ id: asked, method, params }));
      }),
    close: () => socket.close(),
  };
}
