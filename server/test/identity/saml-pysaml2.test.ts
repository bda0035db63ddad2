import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { withDatabase } from '../support/database.ts';
import { hasPysaml2, type PysamlProvider, startPysaml2 } from '../support/pysaml2-provider.ts';
import { newSigner, readPostForm } from '../support/saml-provider.ts';
import { samlOver, signIn, storedProvider, trust } from './saml-site.ts';

const ADA = {
  name_id: 'ada-9',
  attributes: { mail: ['Ada@Company.example'], displayName: ['Ada Lovelace'], eduPersonAffiliation: ['staff', 'admins'] },
};
const AFFILIATION = 'urn:oid:1.3.6.1.4.1.5923.1.1.1.1';

if (!hasPysaml2) console.log('Skipped: SAML with pysaml2, because python3-pysaml2 or xmlsec1 is not installed.');

// SAML works with a provider that we did not write.
describe.skipIf(!hasPysaml2)('pysaml2 as the provider', () => {
  const given = withDatabase();
  const signer = newSigner();
  const running: PysamlProvider[] = [];
  beforeAll(async () => {
    for (const sign of ['assertion', 'response', 'both'] as const)
      running.push(await startPysaml2(signer, { person: ADA, sign }));
  });
  afterAll(async () => {
    for (const one of running) await one.stop();
  });

  async function connected(at: PysamlProvider) {
    const { saml } = samlOver(given().db);
    const config = await saml.readConfig({ metadata_url: at.metadataUrl }, null);
    const provider = await storedProvider(given().db, config, { secret: await saml.newSecret(), groupsClaim: AFFILIATION });
    await trust(given().db, provider, signer);
    await at.meet(saml.metadata(provider));
    return { saml, provider };
  }

  test.each([0, 1, 2])('signs people in, whichever parts it signs (%i)', async (which) => {
    const { saml, provider } = await connected(running[which] as PysamlProvider);
    const outcome = await signIn(saml, provider);
    if (outcome.is !== 'asserted') throw new Error(outcome.words);
    expect(outcome.assertion).toMatchObject({ subject: 'ada-9', email: 'ada@company.example', name: 'Ada Lovelace' });
    expect(outcome.assertion).toMatchObject({ groups: ['staff', 'admins'], groupsTruncated: false });
    expect(outcome.checks.filter(({ ok }) => !ok)).toEqual([]);
  });

  test('checks the signature of our requests', async () => {
    const { saml, provider } = await connected(running[0] as PysamlProvider);
    const asked = { state: 's', purpose: 'sign_in', loginHint: null, isFresh: false } as const;
    const { location } = await saml.start(provider, asked);
    expect((await fetch(location)).status).toBe(200);
    expect((await fetch(location.replace('RelayState=s', 'RelayState=other'))).status).toBe(400);
    const { location: unsigned } = await saml.start({ ...provider, secret: null }, asked);
    expect((await fetch(unsigned)).status).toBe(400);
  });

  test('is refused if its answer is changed, or is for another request', async () => {
    const { saml, provider } = await connected(running[0] as PysamlProvider);
    const asked = { state: 's', purpose: 'sign_in', loginHint: null, isFresh: false } as const;
    const [one, two] = [await saml.start(provider, asked), await saml.start(provider, asked)];
    const { fields } = readPostForm(await (await fetch(one.location)).text());
    expect(await saml.finish(provider, two.keep, fields)).toMatchObject({ code: 'saml_in_response_to' });
    const xml = Buffer.from(fields.get('SAMLResponse') as string, 'base64').toString();
    const changed = new URLSearchParams({ SAMLResponse: Buffer.from(xml.replace('>ada-9<', '>eve-1<')).toString('base64') });
    expect(await saml.finish(provider, one.keep, changed)).toMatchObject({ code: 'saml_signature' });
    expect(await saml.finish(provider, one.keep, fields)).toMatchObject({ is: 'asserted' });
  });
});
