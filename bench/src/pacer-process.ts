// Makes JSON calls at a fixed rate, or an exact number of them. Its argument names a JSON file with the task. Prints JSON.
import { readFileSync } from 'node:fs';
import { connect as openConnection, type Socket } from 'node:net';
import { jsonRequestBody } from './exchange.ts';
import { type Destination, isWhole, requestText } from './wire.ts';

export type Task = { readonly to: Destination; readonly connections: number } & (
  | { readonly is: 'paced'; readonly perSecond: number; readonly seconds: number; readonly warmupSeconds: number }
  | { readonly is: 'exactly'; readonly requests: number }
);

export interface Outcome {
  readonly answered: number;
  /** Answers other than 200, and connections that broke. */
  readonly failed: number;
  /** The time from the last byte written to the last byte read, without the warm-up. */
  readonly latenciesMs: number[];
}

interface Connection {
  readonly socket: Socket;
  startedMs: number;
  text: string;
}

const SILENCE_MS_MAX = 20_000;

const task = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as Task;
const outcome = { answered: 0, failed: 0, latenciesMs: [] as number[] };
const requests = requestsTo(task.to);
const idle: Connection[] = [];
const waitingSinceMs: number[] = [];
let sent = 0;
/** A random key to start with, so that a short run does not call the same keys as the last. */
let next = Math.floor(Math.random() * requests.length);
let recordFromMs = 0;
let whenIdle = () => {};

await Promise.all(Array.from({ length: task.connections }, open));
await (task.is === 'paced' ? paced(task.perSecond, task.seconds, task.warmupSeconds) : exactly(task.requests));
process.stdout.write(JSON.stringify(outcome), () => process.exit(0));

function open(): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = openConnection({ port: task.to.port, host: '127.0.0.1', noDelay: true });
    const connection: Connection = { socket, startedMs: 0, text: '' };
    socket.once('connect', () => {
      idle.push(connection);
      resolve();
    });
    socket.on('data', (data) => read(connection, data));
    socket.on('error', reject);
    socket.on('close', () => {
      if (connection.startedMs > 0) outcome.failed += 1;
    });
  });
}

function read(connection: Connection, data: string | Buffer): void {
  connection.text += data.toString('latin1');
  if (!isWhole(connection.text)) return;
  if (connection.text.startsWith('HTTP/1.1 200')) outcome.answered += 1;
  else outcome.failed += 1;
  if (connection.startedMs >= recordFromMs && task.is === 'paced')
    outcome.latenciesMs.push(performance.now() - connection.startedMs);
  connection.text = '';
  connection.startedMs = 0;
  const sinceMs = waitingSinceMs.shift();
  if (sinceMs === undefined) {
    idle.push(connection);
    whenIdle();
  } else {
    sendOn(connection, sinceMs);
  }
}

/** Sends calls in an open loop, independent of answers. A call without an idle connection waits, which adds to its latency. */
async function paced(perSecond: number, seconds: number, warmupSeconds: number): Promise<void> {
  const beganMs = performance.now();
  recordFromMs = beganMs + warmupSeconds * 1000;
  const total = Math.round(perSecond * (seconds + warmupSeconds));
  while (sent < total) {
    const due = Math.min(total, Math.floor(((performance.now() - beganMs) * perSecond) / 1000) + 1);
    while (sent < due) send();
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, beganMs + (sent * 1000) / perSecond - performance.now())));
  }
  await allAnswered();
}

async function exactly(requests: number): Promise<void> {
  whenIdle = () => {
    if (sent < requests) send();
  };
  for (let count = Math.min(requests, idle.length); count > 0; count -= 1) send();
  await allAnswered(() => sent === requests);
}

function send(): void {
  sent += 1;
  const connection = idle.shift();
  if (connection === undefined) waitingSinceMs.push(performance.now());
  else sendOn(connection, performance.now());
}

function requestsTo(to: Destination): string[] {
  if (to.secrets === undefined) return [requestText(to, jsonRequestBody)];
  const withKey = (secret: string) => ({ ...to, headers: { ...to.headers, authorization: `Bearer ${secret}` } });
  return to.secrets.map((secret) => requestText(withKey(secret), jsonRequestBody));
}

function sendOn(connection: Connection, startedMs: number): void {
  connection.socket.write(requests[next] as string);
  next = (next + 1) % requests.length;
  connection.startedMs = startedMs;
}

/** Waits for all answers. Gives up if none arrives for twenty seconds. */
async function allAnswered(sentAll = () => true): Promise<void> {
  let [seen, lastMs] = [-1, performance.now()];
  while (!sentAll() || outcome.answered + outcome.failed < sent) {
    if (outcome.answered + outcome.failed !== seen) [seen, lastMs] = [outcome.answered + outcome.failed, performance.now()];
    if (performance.now() - lastMs > SILENCE_MS_MAX) {
      outcome.failed += sent - seen;
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
