import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { recordValueOf } from '../../src/domain/identity/domain-check.ts';
import type { Mail, Mailer } from '../../src/identity/mail/mailer.ts';
import { domainJob } from '../../src/jobs/identity/check-domains.ts';
import { organizationOfDomain, verifiedDomains } from '../../src/store/identity/domains.ts';
import * as schema from '../../src/store/schema.ts';
import { createTxtLookup } from '../../src/upstream/txt-lookup.ts';
import { makeOrganization, must, withAdmin } from '../admin/support.ts';
import { onOneDatabase } from '../support/database.ts';
import { type DnsServer, startDnsServer } from '../support/dns-server.ts';

const DAY_MS = 86_400_000;

onOneDatabase('domains', (given) => {
  let dns: DnsServer;
  const mails: Mail[] = [];
  const mailer: Mailer = {
    configured: true,
    send: async (mail) => {
      mails.push(mail);
      return { is: 'sent' };
    },
  };
  const lookUpTxt: ReturnType<typeof createTxtLookup> = (name, asker) =>
    createTxtLookup({ servers: [dns.address], attemptMs: 200 })(name, asker);
  const world = withAdmin(given, { lookUpTxt, mailer, publicUrl: 'https://gateway.example' });
  beforeAll(async () => {
    dns = await startDnsServer();
  });
  afterAll(() => dns.close());

  const owner = (organizationId: string) => world().as([{ role: 'org_owner', organizationId }]);
  const add = async (organizationId: string, domain: string) =>
    must(await owner(organizationId)('POST', `/organizations/${organizationId}/domains`, { domain }));
  const check = async (organizationId: string, domain: string) =>
    must(await owner(organizationId)('POST', `/organizations/${organizationId}/domains/${domain}/check`));
  const prove = async (organizationId: string, domain: string) => {
    const { record_name, record_value } = await add(organizationId, domain);
    dns.set(record_name, [record_value]);
    return check(organizationId, domain);
  };
  const makeOwner = async (organizationId: string, id: string) => {
    await given()
      .db.insert(schema.accounts)
      .values({ id, name: id, email: `${id}@owners.test` });
    must(await world().root('POST', `/organizations/${organizationId}/members`, { account_id: id, role: 'org_owner' }));
  };
  const runJob = async () => {
    const { deps } = world();
    const job = domainJob({ lookUpTxt, mailer, audit: deps.audit, publicUrl: deps.publicUrl });
    return job.run({ database: given(), clock: deps.clock, signal: new AbortController().signal, warn: () => {} });
  };

  test('count only after their record was found, and never their subdomains', async () => {
    const { id } = await makeOrganization(world().root);
    const { db } = given();
    const added = await add(id, 'Acme-One.com.');
    expect(added).toMatchObject({
      domain: 'acme-one.com',
      state: 'pending',
      record_name: '_headgate.acme-one.com',
      problem: null,
    });
    expect(await verifiedDomains(db, id)).toEqual(new Set());
    const missing = await check(id, 'acme-one.com');
    expect(missing).toMatchObject({ state: 'pending', problem: expect.stringContaining('There is no TXT record') });
    dns.set('_headgate.acme-one.com', ['headgate-verify=wrong']);
    const wrong = await check(id, 'acme-one.com');
    expect(wrong.problem).toBe(
      `The TXT record at _headgate.acme-one.com says "headgate-verify=wrong". Expected is ${added.record_value}.`,
    );
    expect(await organizationOfDomain(db, 'acme-one.com')).toBeNull();
    dns.set('_headgate.acme-one.com', ['headgate-verify=wrong', added.record_value]);
    expect(await check(id, 'acme-one.com')).toMatchObject({ state: 'verified', problem: null, missing_since: null });
    expect(await verifiedDomains(db, id)).toEqual(new Set(['acme-one.com']));
    expect(await organizationOfDomain(db, 'acme-one.com')).toBe(id);
    expect(await organizationOfDomain(db, 'mail.acme-one.com')).toBeNull();
    const events = (await owner(id)('GET', `/organizations/${id}/audit-events?limit=3`)).body.data;
    expect(events.map((event: { action: string }) => event.action)).toEqual([
      'domain.check',
      'domain.create',
      'organization.create',
    ]);
    must(await owner(id)('DELETE', `/organizations/${id}/domains/acme-one.com`));
    expect(await organizationOfDomain(db, 'acme-one.com')).toBeNull();
    // The old record proves nothing for whoever adds the domain next.
    const again = await add(id, 'acme-one.com');
    expect(again.record_value).not.toBe(added.record_value);
    expect((await check(id, 'acme-one.com')).state).toBe('pending');
  });

  test('that another organization verified stay there, and nobody learns whose they are', async () => {
    const [first, second] = [
      await makeOrganization(world().root, { name: 'Secret Holder' }),
      await makeOrganization(world().root),
    ];
    expect((await prove(first.id, 'taken.com')).state).toBe('verified');
    const { record_value } = await add(second.id, 'taken.com');
    dns.set('_headgate.taken.com', [record_value]);
    const answer = await owner(second.id)('POST', `/organizations/${second.id}/domains/taken.com/check`);
    expect(answer.body).toMatchObject({ state: 'pending', problem: expect.stringContaining('another organization') });
    expect(answer.text).not.toContain('Secret Holder');
    expect(answer.text).not.toContain(first.id);
    expect(await organizationOfDomain(given().db, 'taken.com')).toBe(first.id);
    // It is free as soon as the first one gives it up.
    must(await owner(first.id)('DELETE', `/organizations/${first.id}/domains/taken.com`));
    expect((await check(second.id, 'taken.com')).state).toBe('verified');
    expect(await verifiedDomains(given().db, first.id)).toEqual(new Set());
  });

  test('that two organizations prove at the same moment go to one of them', async () => {
    const [first, second] = [await makeOrganization(world().root), await makeOrganization(world().root)];
    const values = [(await add(first.id, 'race.com')).record_value, (await add(second.id, 'race.com')).record_value];
    dns.set('_headgate.race.com', values);
    const states = await Promise.all([first, second].map(async ({ id }) => (await check(id, 'race.com')).state));
    expect(states.sort()).toEqual(['pending', 'verified']);
  });

  test.each([
    ['co.uk', 'suffix'],
    ['127.0.0.1', 'IP address'],
    ['localhost', 'whole domain'],
    ['https://acme.com/', 'domain alone'],
  ])('are refused as %s', async (domain, words) => {
    const { id } = await makeOrganization(world().root);
    const answer = await owner(id)('POST', `/organizations/${id}/domains`, { domain });
    expect([answer.status, answer.body.errors[0]]).toEqual([
      400,
      { pointer: '/domain', message: expect.stringContaining(words) },
    ]);
  });

  test('are at most 50, each once, in pages', async () => {
    const { id } = await makeOrganization(world().root);
    await Promise.all(Array.from({ length: 49 }, (_, at) => add(id, `d${String(at).padStart(2, '0')}.many.com`)));
    const again = await owner(id)('POST', `/organizations/${id}/domains`, { domain: 'd00.MANY.com' });
    expect([again.status, again.body.detail]).toEqual([409, 'd00.many.com is in the list of this organization already.']);
    // Two at the same moment cannot both be the fiftieth.
    const both = await Promise.all(
      ['x.many.com', 'y.many.com'].map(
        async (domain) => (await owner(id)('POST', `/organizations/${id}/domains`, { domain })).status,
      ),
    );
    expect(both.sort()).toEqual([201, 409]);
    const page = (await owner(id)('GET', `/organizations/${id}/domains?limit=40`)).body;
    const rest = (await owner(id)('GET', `/organizations/${id}/domains?limit=40&cursor=${page.next_cursor}`)).body;
    expect([page.data.length, page.total, rest.data.length, rest.next_cursor]).toEqual([40, 50, 10, null]);
  });

  test('are managed by owners, and are 404 elsewhere', async () => {
    const [mine, other] = [await makeOrganization(world().root), await makeOrganization(world().root)];
    await add(mine.id, 'mine.com');
    const admin = world().as([{ role: 'org_admin', organizationId: mine.id }]);
    expect((await admin('GET', `/organizations/${mine.id}/domains`)).status).toBe(403);
    for (const id of [mine.id, other.id]) {
      expect((await owner(other.id)('DELETE', `/organizations/${id}/domains/mine.com`)).status).toBe(404);
      expect((await owner(other.id)('POST', `/organizations/${id}/domains/mine.com/check`)).status).toBe(404);
    }
    expect((await owner(mine.id)('GET', `/organizations/${mine.id}/domains`)).body.total).toBe(1);
  });

  test('whose record is gone count for 14 days, and owners are told by mail; a failing DNS changes nothing', async () => {
    const { id } = await makeOrganization(world().root, { name: 'Acme' });
    await makeOwner(id, 'acct_own1');
    await makeOwner(id, 'acct_own2');
    expect((await prove(id, 'grace.com')).state).toBe('verified');
    mails.length = 0;
    const { time } = world();
    const day = async () => {
      time.nowMs += DAY_MS;
      await runJob();
      const [row] = (await owner(id)('GET', `/organizations/${id}/domains`)).body.data;
      const told = mails.splice(0).filter(({ subject }) => subject.includes('grace.com'));
      return { row, told: told.map(({ to, subject }) => `${to}: ${subject}`).sort() };
    };
    dns.set('_headgate.grace.com', 'servfail');
    const failed = await day();
    expect(failed.row).toMatchObject({ state: 'verified', problem: expect.stringContaining('SERVFAIL') });
    dns.set('_headgate.grace.com', 'nxdomain');
    const first = await day();
    expect(first.row).toMatchObject({ state: 'missing', counts_until: new Date(time.nowMs + 14 * DAY_MS).toISOString() });
    expect(first.told).toEqual([
      'acct_own1@owners.test: The DNS record of grace.com for Acme is missing',
      'acct_own2@owners.test: The DNS record of grace.com for Acme is missing',
    ]);
    const told: string[][] = [];
    for (let days = 2; days <= 14; days += 1) {
      // In the middle, the DNS fails for three days.
      dns.set('_headgate.grace.com', days >= 5 && days <= 7 ? 'silent' : 'nxdomain');
      const next = await day();
      expect(next.row.state).toBe('missing');
      if (next.told.length > 0) told.push([String(days), ...next.told]);
    }
    expect(told).toEqual([
      [
        '12',
        'acct_own1@owners.test: grace.com soon stops counting for Acme',
        'acct_own2@owners.test: grace.com soon stops counting for Acme',
      ],
    ]);
    expect(await organizationOfDomain(given().db, 'grace.com')).toBe(id);
    const lost = await day();
    expect(lost.row.state).toBe('lost');
    expect(lost.told).toEqual([
      'acct_own1@owners.test: grace.com no longer counts for Acme',
      'acct_own2@owners.test: grace.com no longer counts for Acme',
    ]);
    expect(await organizationOfDomain(given().db, 'grace.com')).toBeNull();
    const [event] = (await owner(id)('GET', `/organizations/${id}/audit-events?limit=1`)).body.data;
    expect(event).toMatchObject({ action: 'domain.check', before: { state: 'missing' }, after: { state: 'lost' } });
    dns.set('_headgate.grace.com', [lost.row.record_value]);
    expect((await check(id, 'grace.com')).state).toBe('verified');
  });

  test('count for nobody who did not show the record of their own, whatever happens in whatever order', async () => {
    const owners = await Promise.all([0, 1].map(() => makeOrganization(world().root)));
    let round = 0;
    const step = fc.record({
      who: fc.constantFrom(0, 1),
      what: fc.constantFrom('add', 'remove', 'check', 'check', 'show', 'show', 'hide', 'fail', 'days'),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 14 }), async (steps) => {
        round += 1;
        const domain = `p${round}.property.com`;
        const name = `_headgate.${domain}`;
        const at = (who: number) => `/organizations/${owners[who].id}/domains`;
        /** The values that each has to show, as far as they added the domain; and those that a check has seen. */
        const values: (string | null)[] = [null, null];
        const seen = new Set<string>();
        let shown: string[] = [];
        let answers = true;
        for (const { who, what } of steps) {
          const as = owner(owners[who].id);
          if (what === 'add') {
            const added = await as('POST', at(who), { domain });
            if (added.status === 201) values[who] = added.body.record_value;
          } else if (what === 'remove') {
            await as('DELETE', `${at(who)}/${domain}`);
            values[who] = null;
          } else if (what === 'show') shown = [...shown, ...(values[who] == null ? [] : [values[who]])];
          else if (what === 'hide') shown = [];
          else if (what === 'fail') answers = !answers;
          dns.set(name, answers ? (shown.length === 0 ? 'nodata' : shown) : 'servfail');
          if (what === 'check' || what === 'days') {
            if (what === 'days') world().time.nowMs += 6 * DAY_MS;
            if (what === 'days') await runJob();
            else await as('POST', `${at(who)}/${domain}/check`);
            if (answers) for (const value of shown) seen.add(value);
          }
          const counting = await Promise.all(owners.map(async ({ id }) => (await verifiedDomains(given().db, id)).has(domain)));
          expect(counting.filter(Boolean).length).toBeLessThanOrEqual(1);
          for (const [index, counts] of counting.entries()) {
            if (counts) expect(seen.has(values[index] ?? 'never shown')).toBe(true);
          }
          const holder = counting.indexOf(true);
          expect(await organizationOfDomain(given().db, domain)).toBe(holder < 0 ? null : owners[holder].id);
        }
        for (const who of [0, 1]) await owner(owners[who].id)('DELETE', `${at(who)}/${domain}`);
      }),
      { numRuns: 25 },
    );
  }, 120_000);

  test('of a deleted organization are free', async () => {
    const [first, second] = [await makeOrganization(world().root), await makeOrganization(world().root)];
    await prove(first.id, 'gone.com');
    must(await world().root('POST', `/organizations/${first.id}/archive`));
    must(await world().root('DELETE', `/organizations/${first.id}`));
    expect(await organizationOfDomain(given().db, 'gone.com')).toBeNull();
    expect((await prove(second.id, 'gone.com')).state).toBe('verified');
  });

  test('are asked for under their own name, with a value that cannot be foreseen', async () => {
    const { id } = await makeOrganization(world().root);
    const values = await Promise.all(['v1.com', 'v2.com'].map(async (domain) => (await add(id, domain)).record_value));
    for (const value of values) expect(value).toMatch(/^headgate-verify=[0-9a-f]{32}$/);
    expect(new Set(values).size).toBe(2);
    expect(recordValueOf('x')).toBe('headgate-verify=x');
    await check(id, 'v1.com');
    expect(dns.asked.at(-1)).toBe('_headgate.v1.com');
  });
});
