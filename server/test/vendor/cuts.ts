/** Streams cut by the client: the ledger says what the vendor says it served. */
import { isDeepStrictEqual } from 'node:util';
import { type VendorKind, WORD_BYTES } from '../support/vendor-answers.ts';
import type { VendorDouble } from '../support/vendor-double.ts';
import type { Served } from '../support/vendor-exchange.ts';
import { askAndHangUp, type Dialect, EXPECTED_OUTPUT, estimatedInput, inputHeld, type Question } from './client.ts';
import { entry, type LoggedEntry, type LoggedRow, NANO_USD_PER_TOKEN, type Route, type VendorSite } from './site.ts';

/** One stream that its reader leaves: after so many words, or wherever it happens to be. */
export interface Cut {
  readonly route: Route;
  readonly kind: VendorKind;
  readonly dialect: Dialect;
  /** Words the vendor serves before it waits; null: all of `words`, as fast as they are taken. */
  readonly words: number | null;
  /** For the second sort: bytes after which the reader leaves. */
  readonly bytes: number;
}

const KINDS = ['openai', 'anthropic'] as const;
const DIALECTS = ['chat', 'messages'] as const;
/** Within the output cap of the client's body, so that the vendor never serves fewer than it is told. */
const WORDS_MAX = 45;
const LONG_WORDS = 50;

/** Cuts in every combination of dialects: before the first word, after a number of words that is known on both sides, at any byte. */
export function randomCuts(perPair: number, random: () => number): Cut[] {
  const pairs = KINDS.flatMap((kind) => DIALECTS.map((dialect) => ({ kind, dialect })));
  return pairs.flatMap(({ kind, dialect }) =>
    Array.from({ length: perPair }, (_, at): Cut => {
      const words = at === 0 ? 0 : at % 2 === 0 ? Math.floor(random() * WORDS_MAX) : null;
      const name = `cut-${kind}-${dialect}-${at}`;
      // Named apart, so that the vendor's record of it can be told from every other.
      const upstreamModel = `${words === null ? `words:${LONG_WORDS}` : `cut:${words}`}:${name}`;
      const route = { name, deployments: [{ kind, upstreamModel }] };
      return { route, kind, dialect, words, bytes: 700 + Math.floor(random() * 6_000) };
    }),
  );
}

/** Cuts one stream and compares the ledger with the vendor's record. Returns what did not agree. */
export async function cutProblems(
  site: VendorSite,
  vendor: VendorDouble,
  cut: Cut,
): Promise<{ problems: string[]; row: LoggedRow }> {
  const { route, dialect, words, bytes } = cut;
  const question: Question = { dialect, model: route.name, stream: true };
  const secret = site.secretOf(route);
  const isEnough = (text: string) =>
    words === null ? text.length >= bytes || isOver(text) : wordsIn(text) === words && hasBegun(text);
  const { requestId, text } = await askAndHangUp(site.port, secret, question, isEnough);
  const row = await site.rowOf(requestId);
  const served = await recordOf(vendor, cut);
  const problems = row.status === 'cancelled' || served.isComplete ? [] : [`the row says ${row.status}`];
  problems.push(...ledgerProblems(row.entries, served, question, wordsIn(text)));
  const held = await site.heldBy(route);
  if (held !== 0) problems.push(`${held} is still held`);
  if (!served.isClosed && !served.isComplete) problems.push('the vendor was not let go');
  return { problems: problems.map((problem) => `${route.name} after ${words ?? `${bytes} bytes`}: ${problem}`), row };
}

function wordsIn(text: string): number {
  return text.split('canal-gate ').length - 1;
}

/** Something of the answer's body has come: the head alone says nothing of what was served. */
function hasBegun(text: string): boolean {
  return text.indexOf('data: ', text.indexOf('\r\n\r\n')) > 0;
}

function isOver(text: string): boolean {
  return text.includes('[DONE]') || text.includes('message_stop');
}

async function recordOf(vendor: VendorDouble, { route }: Cut): Promise<Served> {
  const { upstreamModel } = route.deployments[0] as { upstreamModel: string };
  const find = () => vendor.served.filter(({ model }) => model === upstreamModel).at(-1);
  for (let tries = 0; tries < 200 && !(find()?.isClosed || find()?.isComplete); tries += 1)
    await new Promise((go) => setTimeout(go, 10));
  const served = find();
  if (served === undefined) throw new Error(`the vendor never saw ${upstreamModel}`);
  return served;
}

/**
 * Complete: the usage that was told. Cut: the input that was told, else of tokens the gateway's estimate and of money what was held for it; and
 * of the output, which a budget covers, at least a quarter of the bytes that the client saw, at most what was asked for.
 */
function ledgerProblems(entries: readonly LoggedEntry[], served: Served, question: Question, wordsSeen: number): string[] {
  const [only] = entries;
  if (entries.length !== 1 || only === undefined) return [`the ledger has ${entries.length} entries of one attempt`];
  const told = served.usage ?? { input: estimatedInput(question), output: 0 };
  if (only.kind === 'usage')
    return isDeepStrictEqual(only, entry(1, 'usage', told)) ? [] : [differs(only, entry(1, 'usage', told))];
  const least = Math.min(EXPECTED_OUTPUT, Math.max(told.output, Math.ceil((wordsSeen * WORD_BYTES) / 4)));
  const isBetween = only.output >= least && only.output <= EXPECTED_OUTPUT;
  const right = entry(1, 'estimated', { input: told.input, output: only.output });
  const held = served.usage === null ? (inputHeld(question) - told.input) * NANO_USD_PER_TOKEN.input : 0;
  const wanted = { ...right, nanoUsd: right.nanoUsd + held };
  return isBetween && isDeepStrictEqual(only, wanted) ? [] : [`${differs(only, wanted)}, of ${least} tokens of output or more`];
}

/** What a ledger has, and what it should have. */
export function differs(found: unknown, wanted: unknown): string {
  return `the ledger has ${JSON.stringify(found)}, not ${JSON.stringify(wanted)}`;
}
