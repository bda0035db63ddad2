/** A thread that reads reports as fast as they come, so that whoever measures something else meanwhile is not kept by it. */
import { parentPort, Worker, workerData } from 'node:worker_threads';

export interface ReadReport {
  readonly path: string;
  readonly status: number;
  readonly bytes: number;
  readonly ms: number;
}

interface Wanted {
  readonly base: string;
  readonly adminToken: string;
  readonly paths: readonly string[];
  /** How many are read at a time. */
  readonly width: number;
  /** Every path is read once; then from the beginning until so much time has passed. */
  readonly msMin: number;
}

/** Resolves with every report that was read to its end. */
export async function readReports(wanted: Wanted): Promise<readonly ReadReport[]> {
  const worker = new Worker(new URL(import.meta.url), { workerData: wanted });
  return new Promise((resolve, reject) => {
    worker.once('message', resolve).once('error', reject);
  });
}

if (parentPort !== null && workerData !== null) void readAll(workerData as Wanted).then((all) => parentPort?.postMessage(all));

async function readAll({ base, adminToken, paths, width, msMin }: Wanted): Promise<readonly ReadReport[]> {
  const begunMs = performance.now();
  const read: ReadReport[] = [];
  let next = 0;
  const lane = async () => {
    while (next < paths.length || performance.now() - begunMs < msMin) {
      const path = paths[next % paths.length] as string;
      next += 1;
      read.push(await readOne(`${base}/api/v1${path}`, path, adminToken));
    }
  };
  await Promise.all(Array.from({ length: width }, lane));
  return read;
}

async function readOne(url: string, path: string, adminToken: string): Promise<ReadReport> {
  const begunMs = performance.now();
  const response = await fetch(url, { headers: { authorization: `Bearer ${adminToken}` } });
  let bytes = 0;
  for await (const chunk of response.body ?? []) bytes += chunk.length;
  return { path, status: response.status, bytes, ms: performance.now() - begunMs };
}
