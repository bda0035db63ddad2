/** The words of a search on both engines: every part of every word in any order, small typos, and the job that makes the indexes. */
import { sql } from 'drizzle-orm';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { lateIndexesJob } from '../../src/jobs/late-indexes.ts';
import { newId } from '../../src/lib/id.ts';
import { systemClock as clock } from '../../src/lib/timing/clock.ts';
import { createTrigrams } from '../../src/store/installation/late-indexes.ts';
import { organizations } from '../../src/store/schema.ts';
import { type SearchQuestion, searchMistyped, searchNamed } from '../../src/store/tenancy/search.ts';
import { typosOf } from '../../src/store/tenancy/search-words.ts';
import { onEveryDatabase } from '../support/database.ts';

const EVERYWHERE = [{ is: 'everywhere' }] as const;
const question = (text: string): SearchQuestion => ({
  text,
  organizations: EVERYWHERE,
  teams: EVERYWHERE,
  webhooks: EVERYWHERE,
  mayReadPlatform: true,
  limit: 1_000,
});

const LETTERS = [...'abcXYZ019-_.%\\éß'];
const anyWord = fc.array(fc.constantFrom(...LETTERS), { minLength: 1, maxLength: 9 }).map((letters) => letters.join(''));
const anyName = fc.array(anyWord, { minLength: 1, maxLength: 4 }).map((words) => words.join(' '));
/** Letters that are all different: repeated ones leave fewer trigrams. */
const plainWord = fc
  .shuffledSubarray([...'abcdefghijklmnop'], { minLength: 5, maxLength: 10 })
  .map((letters) => letters.join(''));
const NAMES = fc.sample(anyName, { numRuns: 60, seed: 7 });
const PLAIN = fc.sample(fc.tuple(plainWord, plainWord), { numRuns: 40, seed: 7 });

/** Some words of a name in any order, of each a part, in upper or lower case. */
const partsOfName = (name: string) =>
  fc
    .shuffledSubarray(name.split(' '), { minLength: 1 })
    .chain((words) => fc.tuple(...words.map((word) => partOfWord(word))))
    .map((parts) => parts.join(' '));
const partOfWord = (word: string) =>
  fc.tuple(fc.nat(word.length - 1), fc.nat(word.length - 1), fc.boolean()).map(([one, other, isUpper]) => {
    const part = word.slice(Math.min(one, other), Math.max(one, other) + 1);
    return part.replace(/[a-z]/gi, (letter) => (isUpper ? letter.toUpperCase() : letter.toLowerCase()));
  });

const mistyped = (word: string) =>
  fc.tuple(fc.nat(word.length - 2), fc.constantFrom('change', 'omit', 'add', 'exchange')).map(([at, how]) => {
    const [before, letter, next, after] = [word.slice(0, at), word[at], word[at + 1], word.slice(at + 2)];
    if (how === 'change') return `${before}z${next}${after}`;
    if (how === 'omit') return `${before}${next}${after}`;
    return how === 'add' ? `${before}${letter}z${next}${after}` : `${before}${next}${letter}${after}`;
  });

onEveryDatabase('the words of a search', (given, kind) => {
  const idOf = new Map<string, string>();
  const all = [...new Set([...NAMES, ...PLAIN.map((words) => words.join(' '))])];

  beforeAll(async () => {
    const rows = all.map((name, index) => ({ id: newId('org', clock.nowMs()), name, slug: `tenant-${index}` }));
    for (const { id, name } of rows) idOf.set(name, id);
    await given().db.insert(organizations).values(rows);
  });

  const findsEveryPart = () =>
    fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...NAMES).chain((name) => fc.tuple(fc.constant(name), partsOfName(name))),
        async ([name, text]) => {
          const found = await searchNamed(given().db, question(text));
          expect(found.map(({ id }) => id)).toContain(idOf.get(name));
        },
      ),
      { numRuns: 40 },
    );

  test('every part of every word of a name finds it, in any order, without the extension', findsEveryPart);

  test('without the extension no typos are found, and a role that may not create it is told', async () => {
    expect(await searchMistyped(given().db, question('tenamt-1'), 5_000)).toEqual([]);
    if (kind === 'embedded') return;
    await given().db.transaction(async (tx) => {
      await tx.execute(sql`create role search_nobody`);
      await tx.execute(sql`set local role search_nobody`);
      expect(await createTrigrams(tx)).toBe('the database role may not create it');
    });
  });

  describe('with the extension', () => {
    const run = () => lateIndexesJob().run({ database: given(), clock, signal: new AbortController().signal, warn: () => {} });

    test('the job makes the indexes once, and again what an interrupted run left', async () => {
      const first = await run();
      if (kind === 'embedded') return expect(first).toBe('The embedded database needs no more indexes.');
      expect(first).toMatch(
        /^Made the indexes organizations_name_parts, .*keys_name_parts, keys_living, key_secrets_ended, deployments_owner, attribution_rollups_end_user, audit_events_time\.$/,
      );
      expect(await run()).toBe('All indexes are there.');
      await given().db.execute(sql`update pg_index set indisvalid = false where indexrelid = 'keys_name_parts'::regclass`);
      expect(await run()).toBe('Made the indexes keys_name_parts.');
    });

    test('every part of every word finds the name by the index too', findsEveryPart);

    test('a word with one typo finds the name', async () => {
      const pair = fc.constantFrom(...PLAIN);
      const asked = pair.chain(([one, other]) => fc.tuple(fc.constant(`${one} ${other}`), mistyped(one), fc.constant(other)));
      await fc.assert(
        fc.asyncProperty(asked, fc.boolean(), async ([name, wrong, right], isAlone) => {
          const text = isAlone ? wrong : `${right} ${wrong}`;
          const found = await searchMistyped(given().db, question(text), 5_000);
          expect(found.map(({ id }) => id)).toContain(idOf.get(name));
        }),
        { numRuns: 40 },
      );
    });
  });
});

test.each([
  ['globx', 'Globex', 1],
  ['glboex', 'Globex', 1],
  ['gxbex', 'Globex', null],
  ['resarhc', 'Research team', null],
  ['researhc', 'Research team', 1],
  ['acm', 'Acne', null],
  ['prod bakend', 'prod-backend', 1],
])('“%s” is %s with so many typos: %s', (text, name, typos) => {
  expect(typosOf(text.split(' '), [name])).toBe(typos);
});
