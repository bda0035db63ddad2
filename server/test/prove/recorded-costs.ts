// What real recorded answers cost: our reading and pricing against `@pydantic/genai-prices`, recording by recording. Nothing is started.
import { type Recording, recordings } from '../recordings.ts';
import { differenceUsd, differsAsStated, exceptionFor, type UsageParity, usageParity } from '../usage-parity.ts';
import type { ProveResult } from './prove.ts';

const USD_EPSILON = 1e-9;
/** Fewer would mean that recordings were lost on the way. */
const PRICED_MIN = 95;

interface Priced {
  readonly recording: Recording;
  readonly parity: UsageParity;
}

export async function run(): Promise<ProveResult> {
  const answers = recordings.filter(({ status }) => status === 200);
  const read = answers.map((recording) => ({ recording, parity: usageParity(recording) }));
  const priced = read.filter(({ parity }) => parity.ours !== null);
  const different = priced.filter(({ parity }) => !(Math.abs(differenceUsd(parity)) <= USD_EPSILON));
  const unexplained = different.filter(({ recording, parity }) => !differsAsStated(recording, parity));
  const unpriced = read.flatMap(({ parity }) => (parity.ours === null && parity.usage !== null ? [parity.model] : []));
  const withoutUsage = read.filter(({ parity }) => parity.usage === null).length;
  const counts = `${priced.length} of ${answers.length} recordings priced, ${priced.length - different.length} equal to 1e-9 USD`;
  const rest = `no price in their table: ${unpriced.join(', ')}; ${withoutUsage} answers report no usage`;
  return {
    holds: unexplained.length === 0 && priced.length >= PRICED_MIN,
    figure: `${counts}, exceptions ${different.length}${reasons(different)}; ${rest}`,
    details: unexplained.map(
      ({ recording, parity }) => `${recording.response}: ours ${parity.ours} nano-USD, theirs ${parity.theirsUsd} USD`,
    ),
  };
}

/** Each reason once, with its unit and the recordings it is given for. */
function reasons(different: readonly Priced[]): string {
  const byReason = Map.groupBy(different, ({ recording }) => wordsOf(exceptionFor(recording)));
  return [...byReason].map(([why, ones]) => `; ${why} (${ones.map(({ recording }) => recording.response).join(', ')})`).join('');
}

function wordsOf(exception: ReturnType<typeof exceptionFor>): string {
  return exception === null ? 'UNEXPLAINED' : `unit ${exception.unit}: ${exception.why}`;
}
