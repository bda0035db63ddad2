import type { Schema } from '../../api/client.ts';
import { words } from './words.ts';

type Summary = Schema<'SecuritySummary'>;
export type FindingName = 'vouched_for' | 'password_only' | 'unowned_tokens' | 'plain_targets' | 'unused_keys';

/** One kind of finding: its meaning and its remedy. */
export interface Finding {
  readonly name: FindingName;
  readonly title: string;
  readonly count: (summary: Summary) => number | string;
  /** The text if there are findings. */
  readonly meaning: string;
  readonly advice: string;
  /** The text if there are none. */
  readonly none: string;
}

/** The findings in the order of the page: people, admin tokens, models, keys. */
export const FINDINGS: readonly Finding[] = [
  {
    name: 'vouched_for',
    title: words.vouchedTitle,
    count: ({ vouched_for }) => vouched_for,
    meaning: words.vouchedWhy,
    advice: words.vouchedAdvice,
    none: words.vouchedNone,
  },
  {
    name: 'password_only',
    title: words.noFactorTitle,
    count: ({ password_only }) => password_only,
    meaning: words.noFactorWhy,
    advice: words.noFactorAdvice,
    none: words.noFactorNone,
  },
  {
    name: 'unowned_tokens',
    title: words.noOwnerTitle,
    count: ({ unowned_admin_tokens }) => unowned_admin_tokens,
    meaning: words.noOwnerWhy,
    advice: words.noOwnerAdvice,
    none: words.noOwnerNone,
  },
  {
    name: 'plain_targets',
    title: words.plainTitle,
    count: ({ plain_targets }) => plain_targets,
    meaning: words.plainWhy,
    advice: words.plainAdvice,
    none: words.plainNone,
  },
  {
    name: 'unused_keys',
    title: words.unusedTitle,
    count: ({ unused_keys }) => unused_keys,
    meaning: words.unusedWhy,
    advice: words.unusedAdvice,
    none: words.unusedNone,
  },
];
