import { isDeepStrictEqual } from 'node:util';
import { ask, EXPECTED_OUTPUT, estimatedInput, type Heard, type Question } from './client.ts';
import type { Expected, FaultCase } from './faults.ts';
import { entry, type LoggedEntry, type LoggedRow, type VendorSite } from './site.ts';

/** What the vendor knows of one case. */
export interface VendorView {
  /** Whether the connection of its last request is gone, without having served another. */
  isClosed(upstreamModel: string): Promise<boolean>;
  /** Bytes of a broken whole answer that it wrote; null where it cannot say. */
  brokenBytes(upstreamModel: string): number | null;
  /** What it told of the usage before it failed, or in full; null: nothing. */
  toldUsage(one: FaultCase): Promise<{ readonly input: number; readonly output: number } | null>;
}

/** Asks once and compares answer, books, counters and connections with what the fault comes to. Returns what differs, in sentences. */
export async function faultProblems(site: VendorSite, vendor: VendorView, one: FaultCase): Promise<string[]> {
  const { route, dialect, stream, expected } = one;
  const question: Question = { dialect, stream, model: route.name };
  const heard = await ask(site.port, site.secretOf(route), question);
  const row = await site.rowOf(String(heard.headers['x-request-id']));
  const upstreamModel = route.deployments[0]?.upstreamModel as string;
  const held = await site.heldBy(route);
  return [
    ...toldProblems(heard, one),
    ...rowProblems(row, expected),
    ...chargeProblems(row.entries, one, heard, {
      brokenBytes: vendor.brokenBytes(upstreamModel) ?? BADJSON_BYTES,
      told: TELLING.has(expected.charge) ? await vendor.toldUsage(one) : null,
      input: estimatedInput(question),
    }),
    ...(held === 0 ? [] : [`${held} is still held`]),
    ...(heard.isReusable ? [] : ["the client's connection was not kept"]),
    ...(await connectionProblems(vendor, upstreamModel, expected)),
  ];
}

/** Anthropic's envelope has a type where OpenAI's has our code. */
const ANTHROPIC_TYPES: Readonly<Record<number, string>> = {
  429: 'rate_limit_error',
  502: 'api_error',
  503: 'overloaded_error',
  504: 'timeout_error',
};

function toldProblems(heard: Heard, { dialect, expected }: FaultCase): string[] {
  const problems: string[] = [];
  if (heard.status !== expected.status)
    problems.push(`answered ${heard.status}, not ${expected.status}: ${heard.text.slice(0, 200)}`);
  const isInBand = expected.status === 200 && expected.code !== null;
  const wanted = expected.status === 200 ? null : dialect === 'chat' ? expected.code : ANTHROPIC_TYPES[expected.status];
  if (isInBand ? heard.error === null : heard.error !== wanted) problems.push(`the error says ${heard.error}, not ${wanted}`);
  if (heard.isComplete !== (expected.code === null))
    problems.push(`the answer ${heard.isComplete ? 'says' : 'does not say'} that it is complete`);
  if (/sk-PROVIDER|<html|node_modules|\/server\/src\//.test(heard.text)) problems.push(`it leaks: ${heard.text.slice(0, 300)}`);
  const after = heard.headers['retry-after-ms'];
  if (expected.retryAfterMs !== undefined && Number(after) !== expected.retryAfterMs)
    problems.push(`retry-after-ms is ${after}, not ${expected.retryAfterMs}`);
  return problems;
}

function rowProblems(row: LoggedRow, { status, code, attempts }: Expected): string[] {
  const { entries: _, ...said } = row;
  const wanted = { status: code === null ? 'succeeded' : 'failed', httpStatus: status, code, attempts };
  return isDeepStrictEqual(said, wanted) ? [] : [`the row says ${JSON.stringify(said)}, not ${JSON.stringify(wanted)}`];
}

/** The charges that rest on what the vendor told. */
const TELLING: ReadonlySet<Expected['charge']> = new Set(['usage', 'delivered']);
const BADJSON_BYTES = 23;

/** What a charge is made of. */
interface Known {
  readonly brokenBytes: number;
  readonly told: { readonly input: number; readonly output: number } | null;
  /** As the gateway estimates it. */
  readonly input: number;
}

function chargeProblems(found: readonly LoggedEntry[], { expected }: FaultCase, heard: Heard, known: Known): string[] {
  const wanted = wantedEntries(expected, heard, known, found.at(-1)?.output ?? 0);
  return isDeepStrictEqual(found, wanted) ? [] : [`the ledger has ${JSON.stringify(found)}, not ${JSON.stringify(wanted)}`];
}

function wantedEntries({ charge, attempts }: Expected, heard: Heard, known: Known, foundOutput: number): LoggedEntry[] {
  const { input } = known;
  const told = known.told ?? { input, output: 0 };
  switch (charge) {
    case 'nothing':
      return [];
    case 'usage':
      return [entry(attempts, 'usage', told)];
    case 'silence':
      return [entry(1, 'estimated', { input, output: EXPECTED_OUTPUT })];
    case 'delivered': {
      // As the text stands in the stream: a character that JSON escapes is longer there than in the text.
      const [least, most] = [heard.textBytes, heard.writtenBytes].map((bytes) => Math.max(told.output, Math.ceil(bytes / 4)));
      const output = Math.min(Math.max(foundOutput, least as number), most as number);
      return [entry(1, 'estimated', { input: told.input, output })];
    }
    case 'broken': {
      const output = Math.ceil(known.brokenBytes / 4);
      return Array.from({ length: attempts }, (_, at) => entry(at + 1, 'estimated', { input, output }));
    }
  }
}

/** A closing may be seen a moment later than the answer; a connection that is kept is not closed in that moment either. */
async function connectionProblems(vendor: VendorView, upstreamModel: string, { connection }: Expected): Promise<string[]> {
  for (let tries = 0; tries < 100; tries += 1) {
    if ((await vendor.isClosed(upstreamModel)) === (connection === 'closed')) return [];
    await new Promise((go) => setTimeout(go, 20));
  }
  return [`the vendor's connection was not ${connection}`];
}
