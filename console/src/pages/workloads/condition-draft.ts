import type { Schema } from '../../api/client.ts';

type Rule = Schema<'TrustRule'>;
type Condition = Rule['conditions'][number];

/** A condition as its form edits it. Several values are one per line. */
export interface ConditionDraft {
  readonly row: number;
  readonly claim: string;
  readonly match: Condition['match'];
  readonly values: string;
}

let rows = 0;

export function newCondition(from: Omit<ConditionDraft, 'row'> = { claim: '', match: 'equals', values: '' }): ConditionDraft {
  rows += 1;
  return { ...from, row: rows };
}

export function conditionDrafts(conditions: readonly Condition[]): readonly ConditionDraft[] {
  return conditions.map(({ claim, match, values }) => newCondition({ claim, match, values: values.join('\n') }));
}

export function conditionsBody(drafts: readonly ConditionDraft[]) {
  return drafts.map(({ claim, match, values }) => ({ claim: claim.trim(), match, values: valuesIn(match, values) }));
}

function valuesIn(match: Condition['match'], text: string): string[] {
  if (match !== 'one_of') return text.trim() === '' ? [] : [text.trim()];
  return linesIn(text);
}

/** Returns the lines of a text that are not empty. */
export function linesIn(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

/** Returns a condition in one line: `ref = refs/heads/main`. */
export function conditionText({ claim, match, values }: Condition): string {
  const all = values.join(', ');
  if (match === 'equals') return `${claim} = ${all}`;
  return match === 'prefix' ? `${claim} = ${all}…` : `${claim} = ${values.join(' | ')}`;
}
