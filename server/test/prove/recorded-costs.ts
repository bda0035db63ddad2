// What real recorded answers cost: our reading and pricing against `@pydantic/genai-prices`, recording by recording. Nothing is started.

import byHand from '../recorded/costs-by-hand.json' with { type: 'json' };
import { type Recording, recordings } from '../recordings.ts';
import {
  costByHandPrice,
  differenceUsd,
  differsAsStated,
  exceptionFor,
  MEDIA,
  type UsageParity,
  usageParity,
} from '../usage-parity.ts';
import type { ProveResult } from './prove.ts';

const USD_EPSILON = 1e-9;
/** Fewer would mean that recordings were lost on the way. */
const PRICED_MIN = 95;

interface Priced {
  readonly recording: Recording;
  readonly parity: UsageParity;
}

export async function run(): Promise<ProveResult> {
  const answers = recordings.filter(({ status, kind }) => status === 200 && !MEDIA.has(kind));
  const read = answers.map((recording) => ({ recording, parity: usageParity(recording) }));
  const priced = read.filter(({ parity }) => parity.ours !== null);
  const different = priced.filter(({ parity }) => !(Math.abs(differenceUsd(parity)) <= USD_EPSILON));
  const unexplained = different.filter(({ recording, parity }) => !differsAsStated(recording, parity));
  const unpriced = read.filter(({ parity }) => parity.ours === null && parity.usage !== null);
  const misread = unpriced.filter((one) => costOf(one) !== handMade(one.recording));
  const withoutUsage = read.filter(({ parity }) => parity.usage === null).length;
  const counts = `${priced.length} of ${answers.length} recordings priced, ${priced.length - different.length} equal to 1e-9 USD`;
  const rest = `without a price in their table ${unpriced.length}, of which ${unpriced.length - misread.length} cost what was worked out by hand; ${withoutUsage} answers report no usage`;
  return {
    holds: unexplained.length === 0 && misread.length === 0 && priced.length >= PRICED_MIN,
    figure: `${counts}, exceptions ${different.length}${reasons(different)}; ${rest}`,
    details: [
      ...unexplained.map(
        ({ recording, parity }) => `${recording.response}: ours ${parity.ours} nano-USD, theirs ${parity.theirsUsd} USD`,
      ),
      ...misread.map((one) => `${one.recording.response}: ours ${costOf(one)} nano-USD, by hand ${handMade(one.recording)}`),
    ],
  };
}

function costOf({ parity }: Priced): bigint {
  return parity.usage === null ? 0n : costByHandPrice(parity.usage);
}

/** Returns what somebody made of the usage in the recording with paper and pencil; null if nobody did. */
function handMade({ response }: Recording): bigint | null {
  const nanoUsd = (byHand as Readonly<Record<string, number>>)[response];
  return nanoUsd === undefined ? null : BigInt(nanoUsd);
}

/** Each reason once, with its unit and the recordings it is given for. */
function reasons(different: readonly Priced[]): string {
  const byReason = Map.groupBy(different, ({ recording }) => wordsOf(exceptionFor(recording)));
  return [...byReason].map(([why, ones]) => `; ${why} (${ones.map(({ recording }) => recording.response).join(', ')})`).join('');
}

function wordsOf(exception: ReturnType<typeof exceptionFor>): string {
  return exception === null ? 'UNEXPLAINED' : `unit ${exception.unit}: ${exception.why}`;
}
