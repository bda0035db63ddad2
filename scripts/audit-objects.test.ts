import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { words } from '../console/src/pages/audit/words.ts';
import { AUDIT_OBJECT_TYPES } from '../server/src/domain/audit/object-types.ts';

const SOURCES = path.resolve(import.meta.dirname, '../server/src');

/** Kinds that are no text in the place where an event is written, and what they can be there. */
const COMPUTED: Readonly<Record<string, readonly string[]>> = {
  'admin/access/callable-targets.ts: kind': ['model', 'route_group'],
  'admin/tokens/token-guesses.ts: kind': ['admin_token', 'scim_token'],
  'store/archive/archive-month.ts: OBJECT_TYPE': ['request_archive'],
};

/** Expressions that pass a kind on, or read it. */
const PASSED_ON = /^(?:string( \| undefined)?|text\(.*|\w+\.(?:objectType|object_type))$/;

/** Returns every kind of object that the server's sources record. */
function recordedKinds(): readonly string[] {
  const files = globSync('**/*.ts', { cwd: SOURCES }).filter((file) => !file.endsWith('.test.ts'));
  const found = files.flatMap((file) => {
    const text = readFileSync(path.join(SOURCES, file), 'utf8');
    return [...text.matchAll(/\bobjectType\??: ([^,;}\n]+)/g)].flatMap(([, expression = '']) => kindsOf(file, expression.trim()));
  });
  return [...new Set(found)].sort();
}

function kindsOf(file: string, expression: string): readonly string[] {
  const literal = /^'(\w+)'$/.exec(expression)?.[1];
  if (literal !== undefined) return [literal];
  if (PASSED_ON.test(expression)) return [];
  const computed = COMPUTED[`${file}: ${expression}`];
  if (computed === undefined) throw new Error(`${file} records an object of kind ${expression}: say in COMPUTED what it can be`);
  return computed;
}

test('the list of kinds of objects is what the server records', () => {
  expect([...AUDIT_OBJECT_TYPES].sort()).toEqual(recordedKinds());
});

test('the audit log’s filter has a word of its own for each kind', () => {
  expect(Object.keys(words.objects).sort()).toEqual([...AUDIT_OBJECT_TYPES].sort());
  const shown = Object.values(words.objects);
  expect(new Set(shown).size).toBe(shown.length);
});
