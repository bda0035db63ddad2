/** The examples of the guide: the rules take the claims that the services document, and nothing that differs in one of them. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { conditions, keyBy } from '../../src/admin/trust/trust-fields.ts';
import { type Claims, checkRule, type RuleConditions, textAt } from '../../src/domain/identity/trust.ts';

const guide = readFileSync(path.resolve(import.meta.dirname, '../../../docs/guides/workload-identity.md'), 'utf8');

interface Example {
  readonly name: string;
  readonly rule: RuleConditions;
  readonly claims: Claims;
}

/** Each section with JSON has a rule and then the claims that it takes. */
const EXAMPLES: readonly Example[] = guide
  .split(/^## /m)
  .map((section) => ({ name: section.split('\n', 1)[0] ?? '', blocks: [...section.matchAll(/```json\n([\s\S]*?)```/g)] }))
  .filter(({ blocks }) => blocks.length > 0)
  .map(({ name, blocks }) => {
    const [rule, claims] = blocks.map(([, text]) => JSON.parse(text ?? '') as Record<string, unknown>);
    // Read as the API reads them, so that what the guide says can be sent.
    const read = { conditions: conditions.parse(rule?.conditions), keyBy: keyBy.parse(rule?.key_by ?? []) };
    return { name, rule: read, claims: claims ?? {} };
  });

test('the guide has an example for each of the three', () => {
  expect(EXAMPLES.map(({ name }) => name)).toEqual(['GitHub Actions', 'Kubernetes', 'AWS']);
});

describe.each(EXAMPLES)('$name', ({ rule, claims }) => {
  test('the rule takes the claims', () => {
    const checked = checkRule(rule, claims);
    expect(checked.checks.filter(({ ok }) => !ok)).toEqual([]);
    expect(checked.matches).toBe(true);
    expect(checked.values).toHaveLength(rule.keyBy.length);
  });

  test.each(rule.conditions.map((condition) => [condition.claim, condition] as const))(
    'not without %s, nor with another',
    (claim, { values }) => {
      for (const other of [
        'another',
        `${values[0]}x`,
        ` ${values[0]}`,
        `${String(values[0]).toUpperCase()} `,
        '',
        1,
        null,
        [values[0]],
        { a: values[0] },
      ]) {
        const changed = changedAt(claims, claim, other);
        if (textAt(changed, claim).is === 'text' && (changed as Record<string, unknown>)[claim] === values[0]) continue;
        const checked = checkRule(rule, changed);
        expect(checked.matches, JSON.stringify(other)).toBe(false);
        expect(checked.checks.filter(({ ok }) => !ok).map((check) => check.claim)).toContain(claim);
      }
      const missing = checkRule(rule, changedAt(claims, claim, undefined));
      expect(missing.checks.find((check) => !check.ok)?.words).toBe(`${claim}: wanted ${values[0]}, the token has none`);
    },
  );

  test('a rule does not compare sub alone where it has two forms', () => {
    if (String(claims.iss).includes('githubusercontent')) expect(rule.conditions.map(({ claim }) => claim)).not.toContain('sub');
    else expect(rule.conditions.map(({ claim }) => claim)).toContain('sub');
  });
});

/** Returns the claims with another value at a claim, which may be a path. Undefined leaves it out. */
function changedAt(claims: Claims, claim: string, value: unknown): Claims {
  const names = claim.startsWith('/')
    ? claim
        .slice(1)
        .split('/')
        .map((name) => name.replaceAll('~1', '/'))
    : [claim];
  const copy = structuredClone(claims) as Record<string, unknown>;
  let at = copy;
  for (const name of names.slice(0, -1)) at = at[name] as Record<string, unknown>;
  const last = names.at(-1) as string;
  if (value === undefined) delete at[last];
  else at[last] = value;
  return copy;
}
