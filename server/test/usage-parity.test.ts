import { describe, expect, it } from 'vitest';
import { totalTokens, USAGE_BUCKETS } from '../src/domain/usage.ts';
import { bytesOf, recordings } from './recordings.ts';
import { exceptionFor, usageParity } from './usage-parity.ts';

const USD_EPSILON = 1e-9;
const answers = recordings.filter((recording) => recording.status === 200);

describe('what a recorded answer costs', () => {
  const rows = answers.map((recording) => ({ recording, parity: usageParity(recording), why: exceptionFor(recording) }));
  const priced = rows.filter(({ parity }) => parity.ours !== null);
  const differenceUsd = ({ parity }: (typeof rows)[number]) => Number(parity.ours) / 1e9 - (parity.theirsUsd ?? Number.NaN);

  it('is known for at least 95 answers of nine providers', () => {
    expect(priced.length).toBeGreaterThanOrEqual(95);
    expect(new Set(priced.map(({ recording }) => recording.provider)).size).toBeGreaterThanOrEqual(9);
  });

  it.each(priced.filter(({ why }) => why === null).map((row) => [row.recording.response, row] as const))(
    '%s costs what genai-prices says, to 1e-9 USD',
    (_name, row) => {
      expect(Math.abs(differenceUsd(row))).toBeLessThanOrEqual(USD_EPSILON);
    },
  );

  it('differs only where it is stated why, and then only by what is stated', () => {
    const different = priced.filter((row) => Math.abs(differenceUsd(row)) > USD_EPSILON);
    expect(different.every(({ why }) => why !== null)).toBe(true);
    for (const row of different) {
      const { usage } = row.parity;
      if (row.recording.provider === 'gemini') expect(usage?.reasoning).toBeGreaterThan(0);
      // A fee per search or request is a whole number of thousandths of a dollar beside the tokens.
      else expect(-differenceUsd(row) * 1000).toBeCloseTo(Math.round(-differenceUsd(row) * 1000), 6);
    }
  });

  it('is unknown only where their table has no price or the answer reports no usage', () => {
    const unknown = rows.filter(({ parity }) => parity.ours === null && parity.usage !== null).map(({ parity }) => parity.model);
    expect(unknown.sort()).toEqual(['minimax/minimax-m2:free', 'moonshotai/kimi-k2', 'voyage-3.5']);
  });
});

describe('the disjoint buckets of a recorded answer', () => {
  const reported = answers.flatMap((recording) => {
    const { usage } = usageParity(recording);
    return usage === null ? [] : [{ recording, usage }];
  });

  it.each(reported.map(({ recording, usage }) => [recording.response, recording, usage] as const))(
    '%s add up to the provider’s total and are never negative',
    (_name, recording, usage) => {
      for (const bucket of USAGE_BUCKETS) expect(usage[bucket] ?? 0).toBeGreaterThanOrEqual(0);
      const total = [
        ...bytesOf(recording)
          .toString()
          .matchAll(/"total_tokens": ?(\d+)/g),
      ].at(-1)?.[1];
      if (total !== undefined) expect(totalTokens(usage)).toBe(Number(total));
    },
  );
});
