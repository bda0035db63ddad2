import { describe, expect, test } from 'vitest';
import { HOSTILE } from '../../../test/support/saml-hostile.ts';
import * as idp from '../../../test/support/saml-provider.ts';
import type { ProtocolOutcome, ProviderToAsk } from '../protocol.ts';
import { newOwnKeys, withNextKey, withoutOldKey } from './own-keys.ts';
import { createSamlProtocol, type SamlOptions } from './saml-protocol.ts';

const ISSUER = 'https://idp.example/entity';
const [signer, other] = [idp.newSigner(), idp.newSigner()];
const trustedOf = (one: idp.Signer) => ({ id: one.id, pem: one.pem, notAfterMs: one.notAfterMs });

function rig(more: Partial<SamlOptions> = {}) {
  const claimed = new Set<string>();
  const options: SamlOptions = {
    publicUrl: 'https://gateway.example',
    nowMs: () => Date.now(),
    claimOnce: async (name) => !claimed.has(name) && claimed.add(name).has(name),
    trusted: async () => [trustedOf(signer)],
    refresh: async () => false,
    checkUrl: () => null,
    fetchDocument: async () => '',
    ...more,
  };
  return createSamlProtocol(options);
}

async function flow(protocol = rig(), more: Partial<ProviderToAsk> = {}, isFresh = false) {
  const config = await protocol.readConfig(
    { entity_id: ISSUER, sso_url: 'https://idp.example/sso', certificates: [signer.pem] },
    null,
  );
  const facts = { organizationId: 'org_1', id: 'idp_1', name: 'A', protocol: 'saml' as const, config, secret: null };
  const provider: ProviderToAsk = { ...facts, groupsClaim: 'groups', secondFactorValues: [], ...more };
  const { location, keep } = await protocol.start(provider, { state: 'state-1', purpose: 'sign_in', loginHint: null, isFresh });
  const said: idp.Said = {
    issuer: ISSUER,
    acs: 'https://gateway.example/api/v1/sso/idp_1/acs',
    audience: 'https://gateway.example/api/v1/sso/idp_1/metadata',
    requestId: keep.request_id as string,
    nowMs: Date.now(),
  };
  const post = (field: string): Promise<ProtocolOutcome> =>
    protocol.finish(provider, keep, new URLSearchParams({ SAMLResponse: field }));
  const answer = (from: Partial<idp.Said>, options?: idp.SigningOptions) =>
    post(idp.toBase64(idp.honest({ ...said, ...from }, signer, options)));
  return { location, keep, said, post, answer, provider };
}

describe('a response of an honest provider', () => {
  // A person signs in with what the signature covers.
  test('gives its person, groups and session', async () => {
    const { answer } = await flow(rig(), { secondFactorValues: ['https://refeds.org/profile/mfa'] });
    const outcome = await answer({
      context: 'https://refeds.org/profile/mfa',
      attributes: [
        ['mail', ['Ada@Company.Example']],
        ['displayName', ['Ada Lovelace']],
        ['groups', ['staff', 'admins', 'staff']],
      ],
    });
    if (outcome.is !== 'asserted') throw new Error(outcome.words);
    expect(outcome.assertion).toMatchObject({
      subject: 'ada-1',
      email: 'ada@company.example',
      name: 'Ada Lovelace',
      sid: 'session-1',
    });
    expect(outcome.assertion).toMatchObject({ groups: ['staff', 'admins'], groupsTruncated: false, secondFactor: true });
    expect(outcome.checks.every(({ ok }) => ok)).toBe(true);
  });

  test('may sign the response, the assertion, or both', async () => {
    const { said, post } = await flow();
    const both = idp.signed(idp.responseXml(said, idp.signed(idp.assertionXml(said), signer)), signer);
    const whole = idp.signed(idp.responseXml(said, idp.assertionXml(said)), signer);
    for (const xml of [both, whole, idp.honest(said, signer)])
      expect(await post(idp.toBase64(xml))).toMatchObject({ is: 'asserted' });
  });

  test('may use SHA-512, and a clock that is up to a minute wrong', async () => {
    const { answer, said } = await flow();
    const strong = {
      hash: 'sha512',
      signatureMethod: 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha512',
      digestMethod: 'http://www.w3.org/2001/04/xmlenc#sha512',
    } as const;
    expect(await answer({}, strong)).toMatchObject({ is: 'asserted' });
    const fast = { issuedMs: said.nowMs + 50_000, notBeforeMs: said.nowMs + 50_000, authenticatedMs: said.nowMs + 50_000 };
    expect(await answer(fast)).toMatchObject({ is: 'asserted' });
    expect(await answer({ notOnOrAfterMs: said.nowMs - 50_000 })).toMatchObject({ is: 'asserted' });
  });

  test('is read with texts that XML must escape, and line ends of Windows', async () => {
    const { said, post } = await flow();
    const xml = idp.honest({ ...said, nameId: `a&b<c>"'é✓` }, signer).replaceAll('><ds:Reference', '>\n<ds:Reference');
    const name = await post(idp.toBase64(idp.honest({ ...said, nameId: `a&b<c>"'é✓` }, signer)));
    expect(name.is === 'asserted' && name.assertion.subject).toBe(`a&b<c>"'é✓`);
    // A line end inside what is signed is a change; around it there may be any.
    expect(await post(idp.toBase64(xml))).toMatchObject({ is: 'refused', code: 'saml_signature' });
    expect(await post(idp.toBase64(`<?xml version="1.0" encoding="UTF-8"?>\r\n${idp.honest(said, signer)}\r\n`))).toMatchObject({
      is: 'asserted',
    });
  });

  test('without all groups says so, and roles stay', async () => {
    const { answer } = await flow();
    const groups = async (attributes: idp.Said['attributes']) => {
      const outcome = await answer({ attributes: attributes ?? [] });
      return outcome.is === 'asserted'
        ? [outcome.assertion.groups?.length ?? null, outcome.assertion.groupsTruncated]
        : outcome.words;
    };
    expect(await groups([])).toEqual([null, false]);
    expect(await groups([['http://schemas.microsoft.com/claims/groups.link', ['https://graph.example']]])).toEqual([null, true]);
    const many = Array.from({ length: 1_001 }, (_, i) => `g${i}`);
    expect(await groups([['groups', many]])).toEqual([null, true]);
    expect(await groups([['groups', many.slice(1)]])).toEqual([1_000, false]);
    expect(await groups([['groups', []]])).toEqual([0, false]);
  });
});

describe('hostile responses', () => {
  // No hostile response lets anybody in, and each refusal names both sides.
  test.each(HOSTILE)('$name', async ({ make, code, words }) => {
    const { said, post } = await flow();
    const field = make({ said, signer, other });
    const startedMs = performance.now();
    const outcome = await post(field);
    expect(outcome.is === 'refused' ? outcome.code : outcome.is).toBe(code);
    expect(outcome.is === 'refused' && outcome.words).toMatch(words);
    expect(performance.now() - startedMs).toBeLessThan(2_000);
    // The same sign-in still works: nothing was used up.
    expect(await post(idp.toBase64(idp.honest(said, signer)))).toMatchObject({ is: 'asserted' });
  });

  test('are enough to mean something', () => expect(HOSTILE.length).toBeGreaterThanOrEqual(60));

  test('a fresh sign-in is required if one was requested', async () => {
    const { answer, said, location } = await flow(rig(), {}, true);
    expect(new URL(location).searchParams.has('SAMLRequest')).toBe(true);
    expect(await answer({ authenticatedMs: said.nowMs - 120_000 })).toMatchObject({ code: 'saml_authentication' });
    expect(await answer({})).toMatchObject({ is: 'asserted' });
  });

  test('a response counts once, of twenty posts at once and afterwards', async () => {
    const { said, post } = await flow();
    const field = idp.toBase64(idp.honest(said, signer));
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => post(field)));
    expect(outcomes.filter(({ is }) => is === 'asserted')).toHaveLength(1);
    expect(outcomes.filter((one) => one.is === 'refused' && one.code === 'saml_replayed')).toHaveLength(19);
    expect(await post(field)).toMatchObject({ code: 'saml_replayed' });
  });

  test('a new certificate in the metadata counts for the sign-in that shows it', async () => {
    let trusted = [trustedOf(signer)];
    const protocol = rig({
      trusted: async () => trusted,
      refresh: async () => {
        trusted = [trustedOf(signer), trustedOf(other)];
        return true;
      },
    });
    const { said, post } = await flow(protocol);
    expect(await post(idp.toBase64(idp.honest(said, other)))).toMatchObject({ is: 'asserted' });
    expect(await post(idp.toBase64(idp.honest(said, idp.newSigner())))).toMatchObject({ code: 'saml_signature' });
  });

  test('an expired certificate is not trusted, and the words say so', async () => {
    const old = idp.newSigner({ untilMs: Date.now() - 86_400_000 });
    const { said, post } = await flow(rig({ trusted: async () => [trustedOf(old)] }));
    const outcome = await post(idp.toBase64(idp.honest(said, old)));
    expect(outcome).toMatchObject({ is: 'refused', code: 'saml_signature' });
    expect(outcome.is === 'refused' && outcome.words).toMatch(/trusted is .*… \(expired on \d{4}-\d\d-\d\d\)$/);
  });

  test('nothing that is posted throws', async () => {
    const { said, post, provider, keep } = await flow();
    const good = Buffer.from(idp.honest(said, signer));
    for (let i = 0; i < 300; i += 1) {
      const bytes = Buffer.from(good);
      for (let n = 0; n < 3; n += 1) bytes[(i * 7_919 + n * 104_729) % bytes.length] = (i * 31 + n * 57) % 256;
      const outcome = await post(bytes.toString('base64'));
      expect(outcome.is).toBe('refused');
    }
    for (const form of ['', 'SAMLResponse=', 'SAMLResponse=a&SAMLResponse=b', 'SAMLResponse=%00'])
      expect(await rig().finish(provider, keep, new URLSearchParams(form))).toMatchObject({ is: 'refused' });
    expect(await rig().finish(provider, {}, new URLSearchParams({ SAMLResponse: good.toString('base64') }))).toMatchObject({
      is: 'refused',
    });
  });
});

describe('our side', () => {
  test('requests are signed by our key, and two keys overlap', async () => {
    const protocol = rig();
    const first = await newOwnKeys(Date.now());
    const { location, provider } = await flow(protocol, { secret: first });
    const { searchParams } = new URL(location);
    expect(searchParams.get('SigAlg')).toBe('http://www.w3.org/2001/04/xmldsig-more#rsa-sha256');
    expect(searchParams.get('RelayState')).toBe('state-1');
    const both = await withNextKey(first, Date.now());
    const certificates = (secret: string) =>
      [...protocol.metadata({ ...provider, secret }).matchAll(/<X509Certificate>([^<]+)/g)].map(([, one]) => one);
    expect(certificates(both)).toHaveLength(2);
    expect(certificates(both)[0]).toBe(certificates(first)[0]);
    expect(certificates(withoutOldKey(both) as string)).toEqual([certificates(both)[1]]);
    expect(protocol.metadata(provider)).toContain('Location="https://gateway.example/api/v1/sso/idp_1/acs"');
  });

  test('without a public URL one line says what to set', async () => {
    const { provider, keep } = await flow();
    const without = rig({ publicUrl: null });
    const asked = { state: 's', purpose: 'sign_in', loginHint: null, isFresh: false } as const;
    await expect(without.start(provider, asked)).rejects.toThrow(/Set HEADGATE_PUBLIC_URL/);
    await expect(without.finish(provider, keep, new URLSearchParams())).rejects.toThrow(/Set HEADGATE_PUBLIC_URL/);
  });
});
