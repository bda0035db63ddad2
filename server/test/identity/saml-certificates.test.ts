import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Mail, Sent } from '../../src/identity/mail/mailer.ts';
import type { ProviderToAsk } from '../../src/identity/protocol.ts';
import { certificateExpiryJob } from '../../src/jobs/identity/certificate-expiry.ts';
import { samlMetadataJob } from '../../src/jobs/identity/saml-metadata.ts';
import { systemClock } from '../../src/lib/timing/clock.ts';
import { listKeys, setKeyState } from '../../src/store/identity/identity-providers.ts';
import { accountMemberships, accounts, auditEvents, memberships } from '../../src/store/schema.ts';
import { onOneDatabase } from '../support/database.ts';
import * as idp from '../support/saml-provider.ts';
import { testCertificate } from '../support/tls-certificate.ts';
import { audienceOf, samlOver, signIn, storedProvider, trust } from './saml-site.ts';

const DAY_MS = 86_400_000;

onOneDatabase('certificates of SAML providers', (given) => {
  const [first, second, third] = [idp.newSigner(), idp.newSigner(), idp.newSigner()];
  let pinned: idp.RunningProvider;
  let plain: idp.RunningProvider;
  beforeAll(async () => {
    pinned = await idp.startSamlProvider(first, audienceOf, { tls: testCertificate });
    plain = await idp.startSamlProvider(first, audienceOf);
  });
  afterAll(async () => {
    await pinned?.stop();
    await plain?.stop();
  });

  async function connected(at: idp.RunningProvider) {
    at.use(first);
    at.metadata = null;
    const { db } = given();
    const site = samlOver(db);
    const config = await site.saml.readConfig({ metadata_url: at.metadataUrl }, null);
    const provider = await storedProvider(db, config);
    await trust(db, provider, first, new Date(Date.now() - 2 * DAY_MS));
    return { ...site, provider };
  }
  const states = async ({ organizationId, id }: ProviderToAsk) =>
    Object.fromEntries((await listKeys(given().db, { organizationId, id })).map((key) => [key.id, key.state]));
  const context = (warn: (facts: object, message: string) => void = () => {}, nowMs = Date.now()) => ({
    database: given(),
    clock: { ...systemClock, nowMs: () => nowMs },
    signal: new AbortController().signal,
    warn,
  });

  // A new certificate at the pinned HTTPS address counts at once, and from anywhere else it waits for a person.
  test('are replaced without a lost sign-in', async () => {
    const { saml, refresh, provider } = await connected(pinned);
    expect(await signIn(saml, provider)).toMatchObject({ is: 'asserted' });
    pinned.use(first, [first, second]);
    expect(await refresh(provider)).toMatchObject({
      is: 'changed',
      changes: [{ id: second.id, before: null, after: 'trusted' }],
    });
    expect(await signIn(saml, provider)).toMatchObject({ is: 'asserted' });
    pinned.use(second, [first, second]);
    expect(await signIn(saml, provider)).toMatchObject({ is: 'asserted' });
    pinned.use(second, [second]);
    // The first was listed just now. It goes at a reading a day and a half later.
    expect(await refresh(provider)).toEqual({ is: 'unchanged' });
    const { reader } = samlOver(given().db);
    expect(await samlMetadataJob(reader).run(context(undefined, Date.now() + 2 * DAY_MS))).toMatch(/1 changed/);
    expect(await states(provider)).toEqual({ [first.id]: 'gone', [second.id]: 'trusted' });
    expect(await signIn(saml, provider)).toMatchObject({ is: 'asserted' });
    const events = await given().db.select().from(auditEvents).where(eq(auditEvents.chain, provider.organizationId));
    expect(events.map(({ action, actorKind }) => [action, actorKind])).toEqual([
      ['identity_provider.keys', 'system'],
      ['identity_provider.keys', 'system'],
    ]);
    // One that is gone may have been removed by a person, so it does not come back by itself.
    pinned.use(second, [first, second]);
    await refresh(provider);
    expect(await states(provider)).toEqual({ [first.id]: 'waiting', [second.id]: 'trusted' });
  });

  test('wait for a person where the address is not pinned', async () => {
    const { saml, refresh, provider } = await connected(plain);
    plain.use(second, [first, second]);
    expect(await refresh(provider)).toMatchObject({ changes: [{ id: second.id, after: 'waiting' }] });
    expect(await signIn(saml, provider)).toMatchObject({ is: 'refused', code: 'saml_signature' });
    expect(await refresh(provider)).toEqual({ is: 'unchanged' });
    await setKeyState(given().db, { organizationId: provider.organizationId, id: provider.id, keyId: second.id }, 'trusted');
    expect(await signIn(saml, provider)).toMatchObject({ is: 'asserted' });
  });

  test('stay where the metadata cannot be read', async () => {
    const { reader, refresh, provider } = await connected(pinned);
    const bad: readonly (readonly [string, RegExp])[] = [
      ['<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>', /DOCTYPE/],
      [
        '<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="https://other.example"/>',
        /describes no SAML identity provider/,
      ],
      ['x'.repeat(1_100_000), /more than 1024 KiB/],
      ['not XML', /text outside/],
    ];
    for (const [text, words] of bad) {
      pinned.metadata = text;
      const outcome = await refresh(provider);
      expect(outcome.is === 'unread' && outcome.words).toMatch(words);
    }
    const warned: object[] = [];
    expect(await samlMetadataJob(reader).run(context((facts) => warned.push(facts)))).toMatch(/Could not read [1-9]/);
    expect(warned).toContainEqual(expect.objectContaining({ identity_provider_id: provider.id }));
    expect(await states(provider)).toEqual({ [first.id]: 'trusted' });
  });

  // Owners are told once 30 and once 7 days before a certificate expires.
  test('are announced before they expire, once each', async () => {
    const { db } = given();
    const nowMs = Date.now();
    const ending = idp.newSigner({ untilMs: nowMs + 29 * DAY_MS });
    const provider = await storedProvider(db, {});
    await trust(db, provider, ending);
    const [id, email] = ['acct_certowner', 'owner@company.example'];
    await db.insert(accounts).values({ id, name: 'Olga', email });
    const member = { organizationId: provider.organizationId, id: 'mem_certowner' };
    await db.insert(memberships).values({ ...member, accountId: id, role: 'org_owner' });
    await db
      .insert(accountMemberships)
      .values({ accountId: id, organizationId: provider.organizationId, membershipId: member.id })
      .onConflictDoNothing();
    const mails: Mail[] = [];
    let answer: Sent = { is: 'failed', reason: 'the mail server is down' };
    const mailer = {
      configured: true,
      send: async (mail: Mail) => {
        if (answer.is === 'sent') mails.push(mail);
        return answer;
      },
    };
    const job = certificateExpiryJob({ mailer, publicUrl: 'https://gateway.example' });
    const run = (atMs: number) => job.run(context(undefined, atMs));
    await run(nowMs);
    expect(mails).toEqual([]);
    answer = { is: 'sent' };
    await Promise.all([run(nowMs), run(nowMs), run(nowMs + DAY_MS)]);
    expect(mails.map(({ to }) => to)).toEqual([email]);
    expect(mails[0]?.subject).toBe(
      `The certificate of Acme’s provider expires on ${new Date(ending.notAfterMs).toISOString().slice(0, 10)}`,
    );
    await run(nowMs + 23 * DAY_MS);
    await run(nowMs + 24 * DAY_MS);
    expect(mails).toHaveLength(2);
    await trust(db, provider, third);
    await run(nowMs + 28 * DAY_MS);
    expect(mails).toHaveLength(2);
  });
});
