/** The vendor double in a thread of its own: what it writes takes nothing of the turns of the thread that reads it. */
import { once } from 'node:events';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { startVendor } from './vendor-double.ts';

/** `base` is without `/v1`. */
export async function startVendorThread(): Promise<{ readonly base: string; close(): Promise<unknown> }> {
  const thread = new Worker(new URL(import.meta.url), { execArgv: [], workerData: 'vendor' });
  const [base] = (await once(thread, 'message')) as [string];
  return { base, close: () => thread.terminate() };
}

if (!isMainThread && workerData === 'vendor') parentPort?.postMessage((await startVendor()).base);
