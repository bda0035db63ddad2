/** Our own key at a SAML provider is replaced in two steps, so that the provider always knows the one that signs. */
import { createVerify, X509Certificate } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeOrganization, must, withAdmin } from '../admin/support.ts';
import { audienceOf, PUBLIC_URL, samlOver } from '../identity/saml-site.ts';
import { withDatabase } from '../support/database.ts';
import { newSigner, type RunningProvider, startSamlProvider } from '../support/saml-provider.ts';

const given = withDatabase();
let opened: ReturnType<typeof samlOver>['saml'] | null = null;
const protocols = {
  get saml() {
    opened ??= samlOver(given().db).saml;
    return opened;
  },
};
const world = withAdmin(given, { publicUrl: PUBLIC_URL, protocols });
let idp: RunningProvider;
beforeAll(async () => {
  idp = await startSamlProvider(newSigner(), audienceOf);
});
afterAll(() => idp?.stop());

test('a key is added, read by the provider, and then signs', async () => {
  world().time.nowMs = Date.now();
  const { root } = world();
  const { id } = await makeOrganization(root);
  const path = `/organizations/${id}/identity-providers`;
  const made = must(await root('POST', path, { name: 'SAML', protocol: 'saml', config: { metadata_url: idp.metadataUrl } }));
  expect(made).toMatchObject({ state: 'draft', config: { entity_id: idp.entityId, sso_url: `${idp.url}/sso` } });
  const listed = async () => {
    const xml = await (await fetch(`${world().address}/api/v1/sso/${made.id}/metadata`)).text();
    return [...xml.matchAll(/<X509Certificate>([^<]+)/g)].map(
      ([, body]) => new X509Certificate(Buffer.from(body as string, 'base64')),
    );
  };
  /** Returns the place of the certificate, among those of our metadata, that verifies the request of a new test. */
  const signs = async () => {
    const { location } = must(await root('POST', `${path}/${made.id}/test`, {}));
    const [, signedPart = '', signature = ''] = /\?(.*)&Signature=([^&]*)$/.exec(location) ?? [];
    const isBy = (one: X509Certificate) =>
      createVerify('RSA-SHA256')
        .update(signedPart)
        .verify(one.publicKey, Buffer.from(decodeURIComponent(signature), 'base64'));
    return (await listed()).map(isBy);
  };
  const step = (which: string) => root('POST', `${path}/${made.id}/signing-key`, { step: which });

  const known = async () => must(await root('GET', `${path}/${made.id}/signing-key`)).data;

  expect(await signs()).toEqual([true]);
  const [first] = await listed();
  expect(await known()).toMatchObject([{ certificate: first?.toString(), signs: true }]);
  expect((await step('switch')).status).toBe(409);
  const added = must(await step('add')).data;
  expect(added.map((one: { signs: boolean }) => one.signs)).toEqual([true, false]);
  expect(await signs()).toEqual([true, false]);
  expect(await known()).toEqual(added);
  expect(JSON.stringify(added)).not.toContain('PRIVATE');
  expect(must(await step('switch')).data).toHaveLength(1);
  expect(await signs()).toEqual([true]);
  expect((await listed())[0]?.fingerprint256).not.toBe(first?.fingerprint256);
  const { data: events } = must(await root('GET', `/audit-events?organization_id=${id}`));
  const [event] = events.filter(({ action }: { action: string }) => action === 'identity_provider.signing_key');
  expect(event.after.certificates).toEqual([added[1].id]);
  expect(JSON.stringify(events)).not.toContain('PRIVATE');
});
