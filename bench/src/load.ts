/** The load: saturation by wrk, JSON calls by rate or by number, and streams. All are bounded and use the loopback address. */
import { type ChildProcess, execFile, fork } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { temporaryDirectory } from '../../server/test/prove/gateway.ts';
import { jsonRequestBody } from './exchange.ts';
import type { Outcome, Task } from './pacer-process.ts';
import type { Order, Report } from './stream-process.ts';
import type { Destination } from './wire.ts';

const CONNECTIONS = 64;
const run = promisify(execFile);

export interface Saturated {
  /** Answers that wrk has read. At the end it breaks off calls in flight: at most one per connection. */
  readonly answered: number;
  readonly brokenOffMax: number;
  readonly perSecond: number;
}

/** Makes as many calls as 64 connections can. Throws if any answer was not 200. */
export async function saturate(to: Destination, seconds: number): Promise<Saturated> {
  const script = wrkScript(to);
  const flags = [
    '--threads',
    '1',
    '--connections',
    String(CONNECTIONS),
    '--duration',
    `${seconds}s`,
    '--timeout',
    '20s',
    '--script',
    script,
  ];
  const { stdout } = await run('wrk', [...flags, `http://127.0.0.1:${to.port}${to.path}`]);
  const answered = /(\d+) requests in ([\d.]+)(m?s|m)/.exec(stdout);
  if (answered === null || /Non-2xx|Socket errors/.test(stdout))
    throw new Error(`not every answer was 200 at ${to.path}:\n${stdout}`);
  return {
    answered: Number(answered[1]),
    brokenOffMax: CONNECTIONS,
    perSecond: Number(/Requests\/sec: *([\d.]+)/.exec(stdout)?.[1]),
  };
}

/** Writes wrk's script for one run; it is deleted with this process. Returns its path. */
function wrkScript({ headers, secrets }: Destination): string {
  const folder = temporaryDirectory();
  const script = path.join(folder, 'post.lua');
  const all = Object.entries({ 'content-type': 'application/json', ...headers });
  const lines = all.map(([name, value]) => `wrk.headers[${JSON.stringify(name)}] = ${JSON.stringify(value)}`);
  if (secrets !== undefined) {
    const list = path.join(folder, 'secrets.txt');
    writeFileSync(list, `${secrets.join('\n')}\n`, { mode: 0o600 });
    lines.push(takeTurns(list));
  }
  writeFileSync(script, `wrk.method = "POST"\nwrk.body = [==[${jsonRequestBody}]==]\n${lines.join('\n')}\n`);
  return script;
}

/** Formats every request before the first is sent, so that the next one costs only a table lookup. */
const takeTurns = (list: string) => `
local requests, count, at = {}, 0, 0
function init()
  for secret in io.lines(${JSON.stringify(list)}) do
    wrk.headers["authorization"] = "Bearer " .. secret
    count = count + 1
    requests[count] = wrk.format()
  end
  math.randomseed(os.time())
  at = math.random(count)
end
function request()
  at = at % count + 1
  return requests[at]
end`;

/** Makes calls at a fixed rate, independent of the gateway's answers. */
export function paced(to: Destination, perSecond: number, seconds: number, warmupSeconds = 1): Promise<Outcome> {
  return pace({ is: 'paced', to, connections: CONNECTIONS, perSecond, seconds, warmupSeconds });
}

/** Makes exactly this many calls. Each connection waits for an answer before its next call. */
export function exactly(to: Destination, requests: number): Promise<Outcome> {
  return pace({ is: 'exactly', to, connections: CONNECTIONS, requests });
}

async function pace(task: Task): Promise<Outcome> {
  const program = path.join(import.meta.dirname, 'pacer-process.ts');
  // Twenty thousand keys are too long for a command line.
  const told = path.join(temporaryDirectory(), 'task.json');
  writeFileSync(told, JSON.stringify(task), { mode: 0o600 });
  const { stdout } = await run(process.execPath, [program, told], { maxBuffer: 1 << 28 });
  return JSON.parse(stdout) as Outcome;
}

type ReportOf<Did extends Report['did']> = Extract<Report, { did: Did }>;

export interface StreamLoad {
  /** The upstream's port. */
  readonly port: number;
  run(to: Destination, streams: number, seconds: number): Promise<ReportOf<'run'>>;
  /** Opens streams that nobody reads. Returns how many started. */
  stall(to: Destination, streams: number): Promise<number>;
  /** Closes the stalled streams. */
  release(): Promise<void>;
  stop(): void;
}

export async function startStreamLoad(): Promise<StreamLoad> {
  const child = fork(path.join(import.meta.dirname, 'stream-process.ts'));
  const { port } = await told(child, 'listen');
  const tell = async <Did extends Report['did']>(order: Order, did: Did) => {
    const answer = told(child, did);
    child.send(order);
    return await answer;
  };
  return {
    port,
    run: (to, streams, seconds) => tell({ do: 'run', to, streams, seconds }, 'run'),
    stall: async (to, streams) => (await tell({ do: 'stall', to, streams }, 'stall')).started,
    release: async () => void (await tell({ do: 'release' }, 'release')),
    stop: () => void child.kill(),
  };
}

function told<Did extends Report['did']>(child: ChildProcess, did: Did): Promise<ReportOf<Did>> {
  return new Promise((resolve, reject) => {
    const ended = (code: number | null) => reject(new Error(`the stream load ended with ${code}`));
    const listen = (report: Report) => {
      if (report.did !== did) return;
      child.off('message', listen).off('exit', ended);
      resolve(report as ReportOf<Did>);
    };
    child.on('message', listen).once('exit', ended);
  });
}
