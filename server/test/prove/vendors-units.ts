/**
 * What is no conversation: each unit against a row that was worked out by hand, 100 calls at once for a budget that blocks on every
 * endpoint, and the memory of a gateway while files arrive.
 */
import { silentWav, writeForm } from '../../src/dialects/exchange.ts';
import type { PriceUnits } from '../../src/domain/money/price.ts';
import type { DeploymentMode } from '../../src/domain/routing/modes.ts';
import { whole } from '../../src/lib/pieces.ts';
import { budget, readingsOf } from '../support/policies.ts';
import { type AskOptions, deployment, model, openHouse, type WalkHouse } from '../support/walk.ts';
import { allOf, type ProveOptions, type ProveResult } from './prove.ts';
import { uploads } from './vendors-uploads.ts';

const USD = 1_000_000_000;
const CALLS = 100;

interface Row {
  readonly name: string;
  readonly path: string;
  readonly mode: DeploymentMode;
  readonly upstreamModel: string;
  readonly body: object | Buffer;
  readonly contentType?: string;
  readonly perMillion: Readonly<Record<string, number>>;
  readonly units?: PriceUnits;
  /** The cost of one call in nano-dollars, worked out by hand from the answer of the fake provider. */
  readonly byHand: number;
}

const WAV = silentWav(48_000);
const recording = writeForm({ model: 'fast' }, [{ field: 'file', filename: 'a.wav', contentType: 'audio/wav', bytes: WAV }]);
const picture = writeForm({ model: 'fast', prompt: 'Rain.', n: 2 }, [
  { field: 'image', filename: 'a.png', contentType: 'image/png', bytes: Buffer.from('PNG') },
]);
const varied = writeForm({ model: 'fast', n: 3, size: '256x256' }, [
  { field: 'image', filename: 'a.png', contentType: 'image/png', bytes: Buffer.from('PNG') },
]);
const RECORDING = {
  mode: 'transcription',
  upstreamModel: 'fake-transcription',
  body: whole(recording.bytes),
  contentType: recording.contentType,
} as const;
const documents = Array.from({ length: 101 }, (_, at) => `Gate ${at}.`);
const FREE = { input: 0 };

const ROWS: readonly Row[] = [
  {
    ...{ name: 'search units', path: '/v1/rerank', mode: 'rerank', upstreamModel: 'fake-rerank' },
    ...{
      body: { model: 'fast', query: 'Which gate?', documents },
      perMillion: FREE,
      units: { perUnit: { search_unit: 2_000_000 } },
    },
    // 101 short documents are two units of 0.002 USD.
    byHand: 4_000_000,
  },
  {
    ...{ name: 'moderations', path: '/v1/moderations', mode: 'moderation', upstreamModel: 'fake-moderation' },
    // The body has 39 bytes, which are 10 tokens at 1 USD a million.
    ...{ body: { model: 'fast', input: 'How are you?' }, perMillion: { input: USD }, byHand: 10_000 },
  },
  {
    ...{ name: 'pictures by size and quality', path: '/v1/images/generations', mode: 'image', upstreamModel: 'fake-image' },
    ...{ body: { model: 'fast', prompt: 'Rain.', n: 3, quality: 'hd', size: '1024x1792' }, perMillion: FREE },
    units: {
      perUnit: { image: 0.04 * USD },
      serviceTiers: { 'hd+1024x1792': { perMillion: {}, perUnit: { image: 0.12 * USD } } },
    },
    // Three pictures of 0.12 USD.
    byHand: 0.36 * USD,
  },
  {
    ...{ name: 'pictures by tokens', path: '/v1/images/generations', mode: 'image', upstreamModel: 'fake-image' },
    ...{ body: { model: 'fast', prompt: 'Rain.', n: 2 }, perMillion: { input: 5 * USD, image_output: 40 * USD } },
    // Two tokens of text and 2 × 272 of pictures.
    byHand: 2 * 5_000 + 544 * 40_000,
  },
  {
    ...{ name: 'changed pictures', path: '/v1/images/edits', mode: 'image', upstreamModel: 'fake-image' },
    ...{
      body: whole(picture.bytes),
      contentType: picture.contentType,
      perMillion: FREE,
      units: { perUnit: { image: 0.04 * USD } },
    },
    byHand: 0.08 * USD,
  },
  {
    ...{ name: 'varied pictures', path: '/v1/images/variations', mode: 'image', upstreamModel: 'fake-image' },
    ...{
      body: whole(varied.bytes),
      contentType: varied.contentType,
      perMillion: FREE,
      units: { perUnit: { image: 0.02 * USD } },
    },
    // Three pictures of 0.02 USD.
    byHand: 0.06 * USD,
  },
  {
    ...{ name: 'characters', path: '/v1/audio/speech', mode: 'speech', upstreamModel: 'fake-speech' },
    ...{
      body: { model: 'fast', voice: 'alloy', input: 'A gate. 🌧!' },
      perMillion: FREE,
      units: { perUnit: { character: 15_000 } },
    },
    // Ten characters of 15 USD a million.
    byHand: 150_000,
  },
  // Three seconds of 0.0001 USD.
  {
    name: 'seconds',
    path: '/v1/audio/transcriptions',
    ...RECORDING,
    perMillion: FREE,
    units: { perUnit: { second_input: 100_000 } },
    byHand: 300_000,
  },
  {
    name: 'translated seconds',
    path: '/v1/audio/translations',
    ...RECORDING,
    perMillion: FREE,
    units: { perUnit: { second_input: 100_000 } },
    byHand: 300_000,
  },
];

export async function run({ quick, doing = () => {} }: ProveOptions): Promise<ProveResult> {
  const units = await each(ROWS, unitOf);
  const races = await each(ROWS, raceOf);
  return allOf([
    summed(units, `${ROWS.length} units cost what rows by hand say`),
    summed(races, `${CALLS} calls at once on ${ROWS.length} endpoints and prices: overspend 0`),
    await uploads({ ...(quick ? { files: 4, recordings: 40 } : { files: 20, recordings: 200 }), doing }),
  ]);
}

async function each(rows: readonly Row[], check: (row: Row) => Promise<string | null>): Promise<readonly string[]> {
  const wrong: string[] = [];
  for (const row of rows) {
    const why = await check(row);
    if (why !== null) wrong.push(`${row.name}: ${why}`);
  }
  return wrong;
}

function summed(wrong: readonly string[], figure: string): ProveResult {
  return { holds: wrong.length === 0, figure: wrong.length === 0 ? figure : `${wrong.length} wrong`, details: wrong };
}

async function unitOf(row: Row): Promise<string | null> {
  return inHouse(row, 1_000 * USD, async (house) => {
    const { status, text } = await house.ask(row.body, optionsOf(row));
    const [entry] = house.rows[0]?.entries ?? [];
    if (status !== 200) return `answered ${status}: ${text.slice(0, 200)}`;
    return entry?.nanoUsd === row.byHand ? null : `cost ${entry?.nanoUsd} and not ${row.byHand}`;
  });
}

/** Sends 100 calls at once under a budget that pays for 60 of them, and in which few holds have room. */
async function raceOf(row: Row): Promise<string | null> {
  const amount = 60.5 * row.byHand;
  return inHouse(row, amount, async (house) => {
    const said = await Promise.all(Array.from({ length: CALLS }, () => house.ask(row.body, optionsOf(row))));
    const passed = said.filter(({ status }) => status === 200).length;
    const odd = said.find(({ status }) => status !== 200 && status !== 429);
    const read = await readingsOf(house, ['key', 'key_1'], { budgets: [budget(amount)] });
    const { used = -1, held = -1 } = read['key_budget_month:bud_1'] ?? {};
    if (odd !== undefined) return `answered ${odd.status}: ${odd.text.slice(0, 200)}`;
    if (used > amount || held !== 0 || used !== passed * row.byHand || passed === 0)
      return `${passed} passed, ${used} of ${amount} used, ${held} held`;
    return null;
  });
}

async function inHouse(row: Row, amount: number, check: (house: WalkHouse) => Promise<string | null>): Promise<string | null> {
  const { mode, upstreamModel, perMillion, units = {} } = row;
  const prices = [{ id: 'price_1', effectiveFromMs: 0, perMillion, units }];
  const one = deployment({ mode, upstreamModel, prices, maxOutputTokens: 6_240, partTokensMax: 2_000 });
  const house = await openHouse({ targets: [model('fast', [one], { mode })], key: { budgets: [budget(amount)] } });
  try {
    return await check(house);
  } finally {
    await house.close();
  }
}

function optionsOf({ path, body, contentType }: Row): AskOptions {
  return Buffer.isBuffer(body) ? { path, raw: body, headers: ['content-type', contentType ?? ''] } : { path };
}
