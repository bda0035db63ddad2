import { describe, expect, it } from 'vitest';
import { totalTokens, USAGE_BUCKETS } from '../src/domain/usage/usage.ts';
import { bytesOf, recordings } from './recordings.ts';
import { differenceUsd, differsAsStated, exceptionFor, MEDIA, usageParity } from './usage-parity.ts';

const USD_EPSILON = 1e-9;
/** Answers of these kinds name no model. */
const NAMELESS: ReadonlySet<string> = new Set(['responses-compact', 'cohere-chat', 'cohere-embed', 'gemini-embed']);
const answers = recordings.filter(({ status, kind }) => status === 200 && !MEDIA.has(kind));

describe('what a recorded answer costs', () => {
  const rows = answers.map((recording) => ({ recording, parity: usageParity(recording), why: exceptionFor(recording) }));
  const priced = rows.filter(({ parity }) => parity.ours !== null);

  it('is known for at least 95 answers of nine providers', () => {
    expect(priced.length).toBeGreaterThanOrEqual(95);
    expect(new Set(priced.map(({ recording }) => recording.provider)).size).toBeGreaterThanOrEqual(9);
  });

  it.each(priced.filter(({ why }) => why === null).map((row) => [row.recording.response, row] as const))(
    '%s costs what genai-prices says, to 1e-9 USD',
    (_name, row) => {
      expect(Math.abs(differenceUsd(row.parity))).toBeLessThanOrEqual(USD_EPSILON);
    },
  );

  it('differs only where it is stated why, and then only by what is stated', () => {
    const different = priced.filter((row) => Math.abs(differenceUsd(row.parity)) > USD_EPSILON);
    expect(different.every(({ why }) => why !== null)).toBe(true);
    expect(different.filter((row) => !differsAsStated(row.recording, row.parity))).toEqual([]);
  });

  it('is unknown only where their table has no price or the answer reports no usage', () => {
    const unknown = rows
      // Neither do answers of Bedrock without their address.
      .filter(({ recording: { kind, provider, url } }) => !NAMELESS.has(kind) && (provider !== 'bedrock' || url !== undefined))
      .filter(({ parity }) => parity.ours === null && parity.usage !== null)
      .map(({ parity }) => parity.model);
    expect(unknown.sort()).toEqual([
      // A profile of one's own does not tell its model.
      'arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/mi1dadi0g15f',
      ...['babbage:2023-07-21-v2', 'babbage:2023-07-21-v2', 'babbage:2023-07-21-v2'],
      ...['gpt-4.1-nano-2025-04-14', 'gpt-4.1-nano-2025-04-14', 'minimax/minimax-m2:free', 'mistralai/ministral-3-14b-reasoning'],
      ...['moonshotai/kimi-k2', 'openai/gpt-5.6-sol', 'openai/gpt-5.6-sol', 'voyage-3.5'],
      ...['zai-org/glm-4.7-flash', 'zai-org/glm-4.7-flash'],
    ]);
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
