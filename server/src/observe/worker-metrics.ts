/** The metrics of all workers of one host, aggregated. The scraped worker asks the first process, which asks all workers. */
import cluster, { type Worker } from 'node:cluster';
import { AggregatorRegistry } from 'prom-client';

const ASK_MS_MAX = 2_000;

interface Message {
  readonly headgate: 'all_metrics' | 'own_metrics' | 'metrics_of_one' | 'metrics_of_all';
  readonly id: number;
  readonly metrics?: readonly object[];
}

function isMessage(message: unknown): message is Message {
  return typeof message === 'object' && message !== null && 'headgate' in message;
}

/** Answers, in the first process, a scraped worker with the metrics of all workers that reply within 2 s. */
export function tellMetricsOfAll(workers: () => readonly Worker[]): void {
  cluster.on('message', async (asking, message: unknown) => {
    if (!isMessage(message) || message.headgate !== 'all_metrics') return;
    const answers = await Promise.all(workers().map((worker) => metricsOf(worker, message.id)));
    const metrics = answers.filter((answer) => answer !== null);
    asking.send({ headgate: 'metrics_of_all', id: message.id, metrics } satisfies Message, orGone);
  });
}

/** Ignores a failed send. A worker may exit before its reply, and without a callback the error would end the first process. */
function orGone(): void {}

/** Returns a worker's metrics; null if it does not reply within 2 s. */
function metricsOf(worker: Worker, id: number): Promise<object | null> {
  return new Promise((resolve) => {
    const done = (answer: object | null) => {
      clearTimeout(timer);
      worker.off('message', hear);
      resolve(answer);
    };
    const hear = (message: unknown) => {
      if (isMessage(message) && message.headgate === 'metrics_of_one' && message.id === id) done(message.metrics ?? null);
    };
    const timer = setTimeout(() => done(null), ASK_MS_MAX);
    worker.on('message', hear);
    worker.send({ headgate: 'own_metrics', id } satisfies Message, orGone);
  });
}

let asked = 0;

/**
 * Returns a function that collects the aggregated metrics of all workers, for the worker that is scraped. `own` returns this
 * worker's metrics as JSON. The function returns null if this process is no worker, or if the first process does not reply within
 * 4 s.
 */
export function metricsOfAll(own: () => Promise<readonly object[]>): () => Promise<string | null> {
  if (cluster.isPrimary) return async () => null;
  process.on('message', (message: unknown) => {
    if (!isMessage(message) || message.headgate !== 'own_metrics') return;
    void own().then((metrics) => process.send?.({ headgate: 'metrics_of_one', id: message.id, metrics } satisfies Message));
  });
  return () =>
    new Promise((resolve) => {
      asked += 1;
      const id = process.pid * 1_000_000 + (asked % 1_000_000);
      const done = (text: string | null) => {
        clearTimeout(timer);
        process.off('message', hear);
        resolve(text);
      };
      const hear = (message: unknown) => {
        if (!isMessage(message) || message.headgate !== 'metrics_of_all' || message.id !== id) return;
        const all = AggregatorRegistry.aggregate([...(message.metrics ?? [])] as never);
        void all.metrics().then(done);
      };
      const timer = setTimeout(() => done(null), 2 * ASK_MS_MAX);
      process.on('message', hear);
      process.send?.({ headgate: 'all_metrics', id } satisfies Message);
    });
}
