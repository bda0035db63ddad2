/** Okta's own suites for SCIM 2.0, step by step: the SPEC test R1 to R12, and the calls that its CRUD test makes. */
import { beforeAll, expect, test } from 'vitest';
import { withAdmin } from '../admin/support.ts';
import { onOneDatabase } from '../support/database.ts';
import { ERROR, LIST, makePerson, makeSite, mustScim, patchBody, personBody, type Site, USER } from './support.ts';

onOneDatabase('Okta’s SPEC test of the SCIM endpoint', (given) => {
  const world = withAdmin(given);
  let site: Site;
  let seeded: string;
  let created: string;
  const random = () => `jordan.rivera@${site.domain}`;
  const filter = (text: string) => `/Users?${new URLSearchParams({ filter: text })}`;
  beforeAll(async () => {
    site = await makeSite(world());
    seeded = (await makePerson(site, 'morgan.chen')).id;
  });

  test('R1: lists people', async () => {
    const { status, body, type } = await site.scim('GET', '/Users?count=1&startIndex=1');
    expect([status, type]).toEqual([200, 'application/scim+json; charset=utf-8']);
    expect(body).toMatchObject({ schemas: [LIST], itemsPerPage: 1, startIndex: 1, totalResults: 1 });
    expect(body.Resources[0]).toMatchObject({
      id: seeded,
      userName: `morgan.chen@${site.domain}`,
      name: { familyName: 'Lovelace', givenName: 'morgan.chen' },
      active: true,
      emails: [{ value: `morgan.chen@${site.domain}`, type: 'work', primary: true }],
    });
  });

  test('R2: gets a person by id', async () => {
    const { status, body } = await site.scim('GET', `/Users/${seeded}`);
    expect(status).toBe(200);
    expect(body).toMatchObject({ id: seeded, active: true, userName: `morgan.chen@${site.domain}` });
    expect(body.meta).toMatchObject({
      resourceType: 'User',
      location: expect.stringMatching(new RegExp(`/scim/v2/Users/${seeded}$`)),
    });
  });

  test('R3: finds nobody by a user name that does not exist', async () => {
    const { status, body } = await site.scim('GET', filter('userName eq "nobody@nowhere.invalid"'));
    expect(status).toBe(200);
    expect(body).toMatchObject({ schemas: [LIST], totalResults: 0, Resources: [] });
  });

  test('R4: answers 404 for an id that does not exist', async () => {
    const { status, body } = await site.scim('GET', '/Users/00000000000000000000');
    expect(status).toBe(404);
    expect(body).toMatchObject({ schemas: [ERROR], status: '404', detail: expect.stringMatching(/\w/) });
  });

  test('R5: does not know the random person yet', async () => {
    const { body } = await site.scim('GET', filter(`userName eq "${random()}"`));
    expect(body).toMatchObject({ schemas: [LIST], totalResults: 0 });
  });

  test('R6: creates a person, sent as application/json', async () => {
    const body = personBody(random(), { emails: [{ primary: true, value: `jordan.primary@${site.domain}`, type: 'work' }] });
    const json = { 'content-type': 'application/json', accept: 'application/scim+json; charset=utf-8' };
    const answer = await site.scim('POST', '/Users', body, json);
    expect(answer.status).toBe(201);
    expect(answer.body).toMatchObject({ active: true, userName: random(), schemas: [USER], name: { familyName: 'Lovelace' } });
    expect(answer.headers.get('location')).toBe(answer.body.meta.location);
    created = answer.body.id;
  });

  test('R7: shows the person that was created', async () => {
    const { status, body } = await site.scim('GET', `/Users/${created}`);
    expect(status).toBe(200);
    expect(body).toMatchObject({ userName: random(), name: { familyName: 'Lovelace', givenName: 'jordan.rivera' } });
  });

  test('R8: refuses the same person again', async () => {
    const { status, body } = await site.scim('POST', '/Users', personBody(random()));
    expect([status, body.scimType, body.status]).toEqual([409, 'uniqueness', '409']);
    expect((await site.scim('GET', '/Users')).body.totalResults).toBe(2);
  });

  test('R9: finds a person whatever the case of the user name', async () => {
    const { status, body } = await site.scim('GET', filter(`userName eq "${random().toUpperCase()}"`));
    expect([status, body.totalResults, body.Resources[0].userName]).toEqual([200, 1, random()]);
  });

  test('R10: lists groups', async () => {
    const { status, body } = await site.scim('GET', '/Groups');
    expect(status).toBe(200);
    expect(body).toMatchObject({ schemas: [LIST], totalResults: 0, Resources: [] });
  });

  test('R11: answers 401 without a token of this installation', async () => {
    const wrong = ['non-token', 'Bearer', 'Bearer hgscim_wrong', `Basic ${btoa(`okta:${site.token}`)}`, `Bearer ${site.token}x`];
    for (const authorization of wrong) {
      const { status, body, headers } = await site.scim('GET', filter(`userName eq "${random()}"`), undefined, { authorization });
      expect([authorization, status, body.status, body.schemas]).toEqual([authorization, 401, '401', [ERROR]]);
      expect([body.detail, headers.get('www-authenticate')]).toEqual([expect.stringMatching(/\w/), 'Bearer realm="headgate"']);
    }
  });

  test('R12: answers 404 in SCIM’s form', async () => {
    const { status, body } = await site.scim('GET', '/Users/00919288221112222');
    expect([status, body.status, body.schemas]).toEqual([404, '404', [ERROR]]);
  });

  test('tells what it can do, and its schemas', async () => {
    const config = mustScim(await site.scim('GET', '/ServiceProviderConfig'));
    expect(config).toMatchObject({
      patch: { supported: true },
      bulk: { supported: false },
      filter: { supported: true, maxResults: 200 },
      authenticationSchemes: [{ type: 'oauthbearertoken' }],
    });
    expect(mustScim(await site.scim('GET', '/ResourceTypes')).Resources.map((one: { id: string }) => one.id)).toEqual([
      'User',
      'Group',
    ]);
    const schemas = mustScim(await site.scim('GET', '/Schemas'));
    expect(schemas.totalResults).toBe(3);
    expect(mustScim(await site.scim('GET', `/Schemas/${USER}`)).attributes[0]).toMatchObject({
      name: 'userName',
      required: true,
    });
    expect((await site.scim('GET', '/Bulk')).status).toBe(404);
  });
});

onOneDatabase('The calls of Okta’s CRUD test', (given) => {
  const world = withAdmin(given);

  test('create, look up, replace, deactivate and reactivate a person, and the password is nowhere', async () => {
    const site = await makeSite(world());
    const { scim, domain, organizationId } = site;
    const userName = `riley.okta@${domain}`;
    const more = { title: 'Engineer', phoneNumbers: [{ value: '415.123.4567' }], password: 'N3verSt0red!' };
    const person = mustScim(await scim('POST', '/Users', personBody(userName, more)));
    expect(person).toMatchObject({ title: 'Engineer' });
    expect(Object.keys(person)).not.toContain('password');
    const found = mustScim(await scim('GET', `/Users?${new URLSearchParams({ filter: `userName eq "${userName}"` })}`));
    expect(found.Resources.map((one: { id: string }) => one.id)).toEqual([person.id]);

    const read = mustScim(await scim('GET', `/Users/${person.id}`));
    const name = { ...read.name, givenName: 'Rileyupdate' };
    const put = mustScim(await scim('PUT', `/Users/${person.id}`, { ...read, name, password: 'N3verSt0red!' }));
    expect(put).toEqual({ ...read, name, meta: put.meta });

    for (const active of [false, true, false]) {
      const patched = mustScim(await scim('PATCH', `/Users/${person.id}`, patchBody({ op: 'replace', value: { active } })));
      expect([active, patched.active, patched.name.givenName]).toEqual([active, active, 'Rileyupdate']);
      const member = await world().root('GET', `/organizations/${organizationId}/members/${person.id}`);
      expect(member.body.status).toBe(active ? 'active' : 'disabled');
    }
    const events = (await world().root('GET', `/organizations/${organizationId}/audit-events?limit=200`)).text;
    expect([events, ...world().logged].filter((text) => text.includes('N3verSt0red'))).toEqual([]);
    expect(events).toContain('directory_person.create');
  });

  test('an unchanged PUT changes nothing, and an empty list of operations neither', async () => {
    const site = await makeSite(world());
    const person = await makePerson(site, 'same');
    const count = async () =>
      (await world().root('GET', `/organizations/${site.organizationId}/audit-events?limit=200`)).body.data.length;
    const before = await count();
    expect(mustScim(await site.scim('PUT', `/Users/${person.id}`, person))).toEqual({ ...person, meta: expect.anything() });
    expect((await site.scim('PATCH', `/Users/${person.id}`, patchBody())).status).toBe(200);
    expect(await count()).toBe(before);
  });

  test('groups are created, filled, renamed and deleted', async () => {
    const site = await makeSite(world());
    const { scim } = site;
    const people = [await makePerson(site, 'one'), await makePerson(site, 'two')];
    const members = people.map(({ id, displayName }) => ({ value: id, display: displayName }));
    const group = mustScim(await scim('POST', '/Groups', { schemas: ['x'], displayName: 'Engineers', members: [members[0]] }));
    expect(group.members).toMatchObject([{ value: people[0].id, type: 'User' }]);
    expect((await scim('POST', '/Groups', { displayName: 'engineers' })).status).toBe(409);
    const rename = { op: 'replace', value: { id: group.id, displayName: 'Engineering' } };
    expect(
      (await scim('PATCH', `/Groups/${group.id}`, patchBody(rename, { op: 'add', path: 'members', value: members }))).status,
    ).toBe(204);
    const read = mustScim(await scim('GET', `/Groups/${group.id}`));
    expect([read.displayName, read.members.length]).toEqual(['Engineering', 2]);
    const put = mustScim(await scim('PUT', `/Groups/${group.id}`, { ...read, members: [members[1]] }));
    expect(put.members.map((one: { value: string }) => one.value)).toEqual([people[1].id]);
    const lean = mustScim(
      await scim('GET', `/Groups?excludedAttributes=members&filter=${encodeURIComponent('displayName eq "engineering"')}`),
    );
    expect([lean.totalResults, 'members' in lean.Resources[0]]).toEqual([1, false]);
    expect((await scim('DELETE', `/Groups/${group.id}`)).status).toBe(204);
    expect((await scim('GET', `/Groups/${group.id}`)).status).toBe(404);
  });
});
