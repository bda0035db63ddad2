/** The admin API beside its own contract: every operation, with values inside and outside its schema, on a gateway with three tenants. */
import { callOf, type FuzzCall, picker } from '../contract/calls.ts';
import { type Contract, readContract } from '../contract/contract.ts';
import { type Fault, judged, type Said } from '../contract/judge.ts';
import { reasonFor } from '../contract/reasons.ts';
import { type ContractSite, openContractSite } from '../contract/site.ts';
import { inParallel } from './data-plane.ts';
import { isRowWanted, type ProveOptions, type ProveResult } from './prove.ts';

/** Calls of each operation. */
const ROUNDS = { full: 190, quick: 3 } as const;
/** No round begins after this time; the line says how many did. */
const BEGUN_MS_MAX = 17 * 60_000;
const WIDTH = 4;
const SEED = 20_261_128;
const CALL_MS_MAX = 30_000;
/** This much of a stream is read. */
const STREAM_MS = 60;
const SHOWN_MAX = 60;
const EXAMPLE_CHARS_MAX = 2_000;

export async function run({ quick, doing }: ProveOptions): Promise<ProveResult> {
  const contract = readContract();
  const site = await openContractSite();
  const pick = picker(Number(process.env.HEADGATE_PROVE_SEED ?? SEED));
  const rounds = quick ? ROUNDS.quick : ROUNDS.full;
  const operations = contract.operations.filter(({ method, path }) => isRowWanted(`${method} ${path}`));
  const tally = new Tally();
  const startedMs = performance.now();
  let begun = 0;
  while (begun < rounds && performance.now() - startedMs < BEGUN_MS_MAX) {
    begun += 1;
    doing?.(`round ${begun} of ${rounds}`);
    await inParallel(operations, WIDTH, async (operation) => {
      const call = callOf(contract, operation, { resolve: contract.resolve, known: site.known }, pick);
      const said = await send(site, call, pick);
      tally.add(call, said, judged(contract, call, said));
      if (said.status < 300 && said.type.startsWith('application/json')) site.learn(operation, JSON.parse(said.text));
    });
  }
  await site.stop();
  return tally.result(contract, `${begun} of ${rounds} rounds`);
}

class Tally {
  #calls = 0;
  #inside = 0;
  readonly #statuses = new Map<number, number>();
  /** Operations that answered a call inside their schema with 2xx. */
  readonly #served = new Set<string>();
  readonly #faults = new Map<Fault['kind'], Map<string, number>>();
  /** Refusals of what fits the schema, by why a schema cannot say it. */
  readonly #listed = new Map<string, number>();

  /** The first call with each fault. */
  readonly #examples = new Map<string, string>();

  add({ operation, misfit, path, body }: FuzzCall, { status }: Said, faults: readonly Fault[]): void {
    this.#calls += 1;
    if (misfit === null) this.#inside += 1;
    if (misfit === null && status < 300) this.#served.add(`${operation.method} ${operation.path}`);
    count(this.#statuses, status);
    for (const { kind, what } of faults) {
      const why = kind === 'refused inside its schema' ? reasonFor(what) : null;
      if (why !== null) count(this.#listed, why);
      else {
        const known = this.#faults.get(kind) ?? new Map<string, number>();
        if (!known.has(what)) this.#examples.set(`${kind} ${what}`, `${path} ${(body ?? '').slice(0, EXAMPLE_CHARS_MAX)}`);
        count(known, what);
        this.#faults.set(kind, known);
      }
    }
  }

  result({ operations }: Contract, rounds: string): ProveResult {
    const of = (kind: Fault['kind']) => [...(this.#faults.get(kind)?.values() ?? [])].reduce((sum, one) => sum + one, 0);
    const listed = [...this.#listed.values()].reduce((sum, one) => sum + one, 0);
    const kinds = [
      '5xx',
      'undocumented status',
      'answer outside its schema',
      'accepted outside its schema',
      'refused inside its schema',
      'no field named',
    ] as const;
    const details = [...this.#faults].flatMap(([kind, whats]) =>
      [...whats]
        .toSorted((a, b) => b[1] - a[1])
        .slice(0, SHOWN_MAX)
        .map(([what, times]) => `${kind} (${times}): ${what}, as for ${this.#examples.get(`${kind} ${what}`)}`),
    );
    const unserved = operations.map(({ method, path }) => `${method} ${path}`).filter((name) => !this.#served.has(name));
    return {
      holds: this.#faults.size === 0,
      figure: `${this.#calls} calls of ${operations.length} operations in ${rounds}, ${this.#inside} inside their schema: ${kinds.map((kind) => `${kind} ${of(kind)}`).join(', ')}; refused inside and listed with why ${listed}`,
      details,
      log: [
        `statuses: ${[...this.#statuses]
          .toSorted(([a], [b]) => a - b)
          .map(([status, times]) => `${status} × ${times}`)
          .join(', ')}`,
        ...[...this.#listed]
          .toSorted((a, b) => b[1] - a[1])
          .map(([why, times]) => `${String(times).padStart(6)} refused inside the schema: ${why}`),
        `${operations.length - unserved.length} operations answered 2xx; not ${unserved.join(', ')}`,
      ],
    };
  }
}

function count<Key>(into: Map<Key, number>, key: Key): void {
  into.set(key, (into.get(key) ?? 0) + 1);
}

async function send(site: ContractSite, call: FuzzCall, pick: (below: number) => number): Promise<Said> {
  const { operation, path, headers, body, bodyType } = call;
  const response = await fetch(`${site.gateway.base}/api/v1${path}`, {
    method: operation.method,
    redirect: 'manual',
    headers: { ...site.callerOf(operation, pick), ...headers, ...(body === null ? {} : { 'content-type': bodyType }) },
    ...(body === null ? {} : { body }),
    signal: AbortSignal.timeout(CALL_MS_MAX),
  });
  const type = response.headers.get('content-type') ?? '';
  const text = type.startsWith('text/event-stream') ? await beginningOf(response) : await response.text();
  return { status: response.status, type, headers: response.headers, text };
}

async function beginningOf(response: Response): Promise<string> {
  const reader = response.body?.getReader();
  const stop = setTimeout(() => void reader?.cancel(), STREAM_MS);
  let text = '';
  for (;;) {
    const piece = await reader?.read();
    if (piece === undefined || piece.done) break;
    text += Buffer.from(piece.value).toString();
  }
  clearTimeout(stop);
  return text;
}
