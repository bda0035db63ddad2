import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { repository } from './gateway.ts';
import { alertsIn, shortenRules, TIMES_FASTER } from './shortened-rules.ts';

const rules = readFileSync(path.join(repository, 'deploy/prometheus/alerts.yaml'), 'utf8');

test('shortening the waits of the alert rules changes nothing else', () => {
  const [before, after] = [rulesIn(rules), rulesIn(shortenRules(rules).text)];
  expect(after.length).toBe(before.length);
  expect(alertsIn(rules)).toEqual(before.map(({ alert }) => alert));
  for (const [at, rule] of before.entries()) {
    const short = after[at] as Rule;
    expect({ ...short, for: null, expr: null }).toEqual({ ...rule, for: null, expr: null });
    expect(secondsOf(short.for ?? '0s') * TIMES_FASTER, rule.alert).toBe(secondsOf(rule.for ?? '0s'));
    // Whatever has a unit is a duration; the rest of the expression is the same.
    expect(short.expr.replace(WITH_UNIT, '…'), rule.alert).toBe(rule.expr.replace(WITH_UNIT, '…'));
    const longer = (short.expr.match(WITH_UNIT) ?? []).map((found) => secondsOf(found) * TIMES_FASTER);
    expect(longer, rule.alert).toEqual((rule.expr.match(WITH_UNIT) ?? []).map(secondsOf));
  }
});

test('a wait that cannot be divided is refused', () => {
  expect(() => shortenRules('        for: 90s\n')).toThrow('90s cannot be divided by 60');
  expect(shortenRules('        for: 2m\n        expr: x > 60\n')).toEqual({
    text: '        for: 2s\n        expr: x > 60\n',
    changed: ['2m → 2s'],
  });
});

test('each alert has one fault that must fire it, and no fault an alert that is not there', () => {
  const files = globSync('alert-faults-*.ts', { cwd: import.meta.dirname });
  const fired = files.flatMap((file) =>
    [...readFileSync(path.join(import.meta.dirname, file), 'utf8').matchAll(/fires: \[([^\]]*)\]/g)].flatMap(
      ([, names]) => names?.match(/\w+/g) ?? [],
    ),
  );
  expect(fired.toSorted()).toEqual(alertsIn(rules).toSorted());
});

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
}

const WITH_UNIT = /\b\d+(?:ms|[smhdwy])\b/g;

function rulesIn(text: string): readonly Rule[] {
  return (parse(text) as { groups: readonly { rules: readonly Rule[] }[] }).groups.flatMap((group) => group.rules);
}

function secondsOf(duration: string): number {
  const [, count, unit] = /^(\d+)(\w+)$/.exec(duration) ?? [];
  return Number(count) * ({ s: 1, m: 60, h: 3_600, d: 86_400 }[unit as 's'] ?? Number.NaN);
}
