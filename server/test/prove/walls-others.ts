/**
 * The thread of walls-bodies.ts and walls-loads.ts that calls as everybody else does, at a steady pace, and times each call by its own clock. Their
 * provider is here as well: one that answers in the thread of the attackers would be as slow as they are busy. Beside each call through the gateway
 * the same call goes straight to the provider: how long that takes is the machine's doing. So is how long the gateway's main thread waited for a
 * processor meanwhile. What a call takes beyond the longer of both is the gateway's.
 */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { isMainThread, type MessagePort, parentPort } from 'node:worker_threads';
import { startVendor } from '../support/vendor-double.ts';

export interface OthersOptions {
  readonly port: number;
  readonly pid: number;
  readonly secret: string;
  readonly model: string;
  /** The provider's own name for the model. */
  readonly upstreamModel: string;
  /** A call is begun so often, whether or not the one before has ended. */
  readonly everyMs: number;
}

/** What came of the calls that were begun since it was last asked, once all of them have ended. */
export interface Others {
  readonly tookMs: readonly number[];
  /** What the gateway made of it. */
  readonly addedMs: readonly number[];
  /** How long each took, without what the gateway's main thread waited for a processor meanwhile. */
  readonly onProcessorMs: readonly number[];
  readonly failed: readonly string[];
}

const IN_FLIGHT_MAX = 200;

if (!isMainThread && parentPort !== null) await begin(parentPort);

/** Says where the provider is, and begins when it is told whom to call. */
async function begin(main: MessagePort): Promise<void> {
  const { base } = await startVendor();
  const told = once(main, 'message') as Promise<[OthersOptions]>;
  main.postMessage(base);
  callSteadily((await told)[0], Number(new URL(base).port), main);
}

/** The calls that were begun between two questions. */
interface Window {
  readonly tookMs: number[];
  readonly addedMs: number[];
  readonly onProcessorMs: number[];
  readonly failed: string[];
  readonly calls: Promise<void>[];
}

function newWindow(): Window {
  return { tookMs: [], addedMs: [], onProcessorMs: [], failed: [], calls: [] };
}

function callSteadily(
  { port, pid, secret, model, upstreamModel, everyMs }: OthersOptions,
  providerPort: number,
  main: MessagePort,
): void {
  const viaGateway = callerOf(port, secret, model);
  const straight = callerOf(providerPort, secret, upstreamModel);
  let window = newWindow();
  let inFlight = 0;
  const call = async ({ tookMs, addedMs, onProcessorMs, failed }: Window) => {
    try {
      const before = waitedMs(pid);
      const through = viaGateway().then((took) => [took, waitedMs(pid) - before] as const);
      const [[took, waited], alone] = await Promise.all([through, straight()]);
      tookMs.push(took);
      addedMs.push(took - Math.max(alone, waited));
      onProcessorMs.push(Math.max(0, took - waited));
    } catch (error) {
      failed.push((error as Error).message);
    }
    inFlight -= 1;
  };
  setInterval(() => {
    if (inFlight >= IN_FLIGHT_MAX) {
      window.failed.push('had no room: two hundred before it wait for their answers');
      return;
    }
    inFlight += 1;
    window.calls.push(call(window));
  }, everyMs);
  main.on('message', async () => {
    const { calls, ...counted } = window;
    window = newWindow();
    await Promise.all(calls);
    main.postMessage(counted satisfies Others);
  });
}

/** How long the main thread of a process has waited for a processor so far, in milliseconds. */
function waitedMs(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/task/${pid}/schedstat`, 'utf8').split(' ')[1]) / 1e6;
}

/** One call, and how long it took in milliseconds. Rejects where it is not answered as it must be. */
function callerOf(port: number, secret: string, model: string): () => Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: IN_FLIGHT_MAX });
  const body = JSON.stringify({ model, max_tokens: 5, messages: [{ role: 'user', content: 'Hi.' }] });
  const headers = { authorization: `Bearer ${secret}`, 'content-type': 'application/json', 'content-length': body.length };
  const options = { port, host: '127.0.0.1', path: '/v1/chat/completions', method: 'POST', headers, agent };
  return () =>
    new Promise((resolve, reject) => {
      const startedMs = performance.now();
      const sent = request(options, (answer) => {
        answer.resume();
        answer.on('error', reject);
        answer.on('end', () => {
          if (answer.statusCode === 200) resolve(performance.now() - startedMs);
          else reject(new Error(`was answered ${answer.statusCode}`));
        });
      });
      sent.on('error', reject);
      sent.end(body);
    });
}
