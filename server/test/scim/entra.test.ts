/** The requests that Entra's documents show, with and without the flag `aadOptscim062020` in the address. */
import { describe, expect, test } from 'vitest';
import { withAdmin } from '../admin/support.ts';
import { onOneDatabase } from '../support/database.ts';
import { ENTRA_CASES } from './entra-cases.ts';
import { ENTERPRISE, makePerson, makeSite, mustScim, patchBody } from './support.ts';

const REFUSED: readonly (readonly [name: string, body: unknown, status: number, scimType: string | undefined])[] = [
  ['a remove without a path', patchBody({ op: 'Remove', value: { displayName: 'Ada' } }), 400, 'noTarget'],
  ['an unknown operation', patchBody({ op: 'move', path: 'title', value: 'x' }), 400, 'invalidSyntax'],
  ['no operations', { schemas: [] }, 400, 'invalidSyntax'],
  ['a path that cannot be read', patchBody({ op: 'add', path: 'emails[type eq "work"', value: 'x' }), 400, 'invalidPath'],
  ['a path into a prototype', patchBody({ op: 'add', path: '__proto__.polluted', value: 'x' }), 400, 'invalidPath'],
  ['an object for a text', patchBody({ op: 'add', path: 'title', value: { a: 1 } }), 400, 'invalidValue'],
  ['no user name', patchBody({ op: 'remove', path: 'userName' }), 400, 'invalidValue'],
  ['control characters', patchBody({ op: 'add', path: 'title', value: 'a\u0000b' }), 400, 'invalidValue'],
  ['a flag that is none', patchBody({ op: 'replace', path: 'active', value: 'maybe' }), 400, 'invalidValue'],
  [
    '1,001 operations',
    patchBody(...Array.from({ length: 1_001 }, () => ({ op: 'add', path: 'title', value: 'x' }))),
    413,
    'tooMany',
  ],
  ['no JSON', '{', 400, undefined],
];

onOneDatabase('Entra’s requests to the SCIM endpoint', (given) => {
  const world = withAdmin(given);

  describe('change a person', () => {
    test.each(ENTRA_CASES)('$name', async ({ more, operations, gives }) => {
      const site = await makeSite(world());
      const person = await makePerson(site, 'person', more);
      const path = `/Users/${person.id}?aadOptscim062020`;
      const patched = mustScim(await site.scim('PATCH', path, patchBody(...operations(site.domain))));
      const expected = gives(site.domain);
      expect(Object.fromEntries(Object.keys(expected).map((name) => [name, patched[name]]))).toEqual(expected);
      expect(mustScim(await site.scim('GET', `/Users/${person.id}`))).toEqual(patched);
      for (const name of ['phoneNumbers', 'addresses', 'roles', 'password']) expect(Object.keys(patched)).not.toContain(name);
    });

    test.each(REFUSED)('but not with %s', async (_, body, status, scimType) => {
      const site = await makeSite(world());
      const person = await makePerson(site, 'person');
      const answer = await site.scim('PATCH', `/Users/${person.id}`, body);
      expect([answer.status, answer.body.scimType]).toEqual([status, scimType]);
      expect(mustScim(await site.scim('GET', `/Users/${person.id}`))).toEqual(person);
      expect(({} as { polluted?: string }).polluted).toBeUndefined();
    });
  });

  test('create a person with the enterprise extension and empty values', async () => {
    const site = await makeSite(world());
    const person = await makePerson(site, 'person', {
      externalId: 'object-id',
      [ENTERPRISE]: { department: 'Sales', manager: null, costCenter: '' },
      addresses: [{ type: 'work', formatted: null }],
      title: null,
      active: 'True',
    });
    expect(person).toMatchObject({ externalId: 'object-id', active: true, [ENTERPRISE]: { department: 'Sales' } });
    expect(person.schemas).toContain(ENTERPRISE);
    expect(Object.keys(person[ENTERPRISE])).toEqual(['department']);
    expect(Object.keys(person)).not.toContain('title');
  });

  test('look people up in each way that Entra can match them', async () => {
    const site = await makeSite(world());
    const person = await makePerson(site, 'match', { externalId: 'AbC' });
    await makePerson(site, 'other');
    const find = async (filter: string) => site.scim('GET', `/Users?${new URLSearchParams({ filter })}`);
    const email = `match@${site.domain}`;
    const hits = [
      `userName eq "${email}"`,
      `USERNAME Eq "${email.toUpperCase()}"`,
      'externalId eq "AbC"',
      `id eq "${person.id}"`,
      `emails.value eq "${email}"`,
      `emails eq "${email}"`,
      `emails[type eq "work"].value eq "${email.toUpperCase()}"`,
      'displayName eq "match lovelace"',
      `userName eq "${email}" and active eq true`,
      `(externalId eq "AbC") and emails[type eq "work"].value eq "${email}"`,
      `urn:ietf:params:scim:schemas:core:2.0:User:userName eq "${email}"`,
    ];
    for (const filter of hits) {
      const { status, body } = await find(filter);
      expect([filter, status, body.totalResults, body.Resources?.[0]?.id]).toEqual([filter, 200, 1, person.id]);
    }
    const misses = [
      'externalId eq "abc"',
      `emails[type eq "home"].value eq "${email}"`,
      `userName eq "${email}" and active eq false`,
    ];
    for (const filter of misses) expect([filter, (await find(filter)).body.totalResults]).toEqual([filter, 0]);
  });

  test.each([
    'userName co "a"',
    'userName eq "a" or userName eq "b"',
    'not (userName eq "a")',
    'userName pr',
    'title eq "x"',
    'emails[type eq "work"]',
    'emails[value eq "x"].type eq "y"',
    'userName eq',
    'userName eq 5',
    'userName eq "a" extra',
    '(((((userName eq "a")))))',
    `userName eq "${'a'.repeat(1_000)}"`,
    Array.from({ length: 11 }, () => 'id eq "a"').join(' and '),
    'userName eq "\u0000"',
  ])('refuse the filter %s', async (filter) => {
    const site = await makeSite(world());
    const { status, body } = await site.scim('GET', `/Users?${new URLSearchParams({ filter })}`);
    expect([status, body.scimType]).toEqual([400, 'invalidFilter']);
  });

  test('change the members of a group', async () => {
    const site = await makeSite(world());
    const { scim } = site;
    const [a, b, c] = [await makePerson(site, 'a'), await makePerson(site, 'b'), await makePerson(site, 'c')].map(({ id }) => id);
    const group = mustScim(await scim('POST', '/Groups', { displayName: 'Sales', externalId: '8aa1a0c0', members: [] }));
    const members = async () =>
      mustScim(await scim('GET', `/Groups/${group.id}`))
        .members.map((one: { value: string }) => one.value)
        .sort();
    const steps: readonly (readonly [object, readonly (string | undefined)[]])[] = [
      [{ op: 'Add', path: 'members', value: [{ value: a }, { value: b }] }, [a, b]],
      [{ op: 'Add', path: 'members', value: [{ value: b }, { value: c }] }, [a, b, c]],
      [{ op: 'Remove', path: 'members', value: [{ value: a }] }, [b, c]],
      [{ op: 'remove', path: `members[value eq "${b}"]` }, [c]],
      [{ op: 'remove', path: `members[value eq "${b}"]` }, [c]],
      [{ op: 'replace', path: 'members', value: [{ value: a }] }, [a]],
      [{ op: 'replace', value: { members: [{ value: b }] } }, [b]],
      [{ op: 'add', value: { members: [{ value: c }] } }, [b, c]],
      [{ op: 'remove', path: 'members' }, []],
    ];
    for (const [operation, left] of steps) {
      expect((await scim('PATCH', `/Groups/${group.id}`, patchBody(operation))).status).toBe(204);
      expect(await members()).toEqual(left.toSorted());
    }
    const unknown = patchBody({ op: 'add', path: 'members', value: [{ value: a }, { value: 'mem_nobody' }] });
    expect((await scim('PATCH', `/Groups/${group.id}`, unknown)).body.scimType).toBe('invalidValue');
    expect(await members()).toEqual([]);
    const found = await scim('GET', `/Groups?${new URLSearchParams({ filter: 'externalId eq "8aa1a0c0"', attributes: 'id' })}`);
    expect(Object.keys(found.body.Resources[0]).sort()).toEqual(['id', 'schemas']);
  });

  test('read people in pages', async () => {
    const site = await makeSite(world());
    for (const name of ['p1', 'p2', 'p3']) await makePerson(site, name);
    const page = async (query: string) => {
      const { totalResults, startIndex, itemsPerPage, Resources } = mustScim(await site.scim('GET', `/Users?${query}`));
      return [totalResults, startIndex, itemsPerPage, Resources.map((one: { userName: string }) => one.userName.split('@')[0])];
    };
    expect(await page('startIndex=1&count=2')).toEqual([3, 1, 2, ['p1', 'p2']]);
    expect(await page('startIndex=3&count=2')).toEqual([3, 3, 1, ['p3']]);
    expect(await page('startIndex=-5&count=100000')).toEqual([3, 1, 3, ['p1', 'p2', 'p3']]);
    expect(await page('count=0')).toEqual([3, 1, 0, []]);
    expect((await site.scim('GET', '/Users?count=many')).status).toBe(400);
  });
});
