/**
 * The thread of walls-bodies.ts that calls as everybody else does, at a steady pace, and times each call by its own clock. Their provider is here
 * as well: one that answers in the thread of the attackers would be as slow as they are busy.
 */
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { isMainThread, type MessagePort, parentPort } from 'node:worker_threads';
import { startVendor } from '../support/vendor-double.ts';

export interface OthersOptions {
  readonly port: number;
  readonly secret: string;
  readonly model: string;
  /** A call is begun so often, whether or not the one before has ended. */
  readonly everyMs: number;
}

/** What came of the calls since it was last asked. */
export interface Others {
  readonly tookMs: readonly number[];
  readonly failed: readonly string[];
}

const IN_FLIGHT_MAX = 200;

if (!isMainThread && parentPort !== null) await begin(parentPort);

/** Says where the provider is, and begins when it is told whom to call. */
async function begin(main: MessagePort): Promise<void> {
  const { base } = await startVendor();
  const told = once(main, 'message') as Promise<[OthersOptions]>;
  main.postMessage(base);
  callSteadily((await told)[0], main);
}

function callSteadily({ port, secret, model, everyMs }: OthersOptions, main: MessagePort): void {
  const agent = new Agent({ keepAlive: true, maxSockets: IN_FLIGHT_MAX });
  const body = JSON.stringify({ model, max_tokens: 5, messages: [{ role: 'user', content: 'Hi.' }] });
  const headers = { authorization: `Bearer ${secret}`, 'content-type': 'application/json', 'content-length': body.length };
  let tookMs: number[] = [];
  let failed: string[] = [];
  let inFlight = 0;
  const call = () => {
    if (inFlight >= IN_FLIGHT_MAX) {
      failed.push('two hundred calls wait for their answers');
      return;
    }
    inFlight += 1;
    const startedMs = performance.now();
    const options = { port, host: '127.0.0.1', path: '/v1/chat/completions', method: 'POST', headers, agent };
    const sent = request(options, (answer) => {
      answer.resume();
      answer.on('end', () => {
        inFlight -= 1;
        tookMs.push(performance.now() - startedMs);
        if (answer.statusCode !== 200) failed.push(`answered ${answer.statusCode}`);
      });
    });
    sent.on('error', (error) => {
      inFlight -= 1;
      failed.push(error.message);
    });
    sent.end(body);
  };
  setInterval(call, everyMs);
  main.on('message', () => {
    main.postMessage({ tookMs, failed } satisfies Others);
    [tookMs, failed] = [[], []];
  });
}
