import { describe, expect, test } from 'vitest';
import { newSigner } from '../../../test/support/saml-provider.ts';
import { ConfigProblem } from '../protocol-problems.ts';
import { readSamlConfig } from './config.ts';
import { readMetadata } from './metadata.ts';

const good = newSigner();
const expired = newSigner({ untilMs: Date.parse('2026-01-31T00:00:00Z') });
const weak = newSigner({ bits: 1_024 });
const source = { nowMs: Date.now(), checkUrl: () => null, fetchDocument: async () => document() };
const SSO = 'https://idp.example/sso';

function document({
  certificates = [good.body],
  binding = 'HTTP-Redirect',
  entityId = 'https://idp.example',
  before = '',
} = {}): string {
  const keys = certificates.map(
    (body) =>
      `<KeyDescriptor use="signing"><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data><ds:X509Certificate>\n${body}\n</ds:X509Certificate></ds:X509Data></ds:KeyInfo></KeyDescriptor>`,
  );
  return `<?xml version="1.0"?>${before}<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="${entityId}"><!-- ours --><IDPSSODescriptor>${keys.join('')}<SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:${binding}" Location="${SSO}"/></IDPSSODescriptor></EntityDescriptor>`;
}

describe('the configuration of a SAML provider', () => {
  test('is read from an address, from pasted metadata, or field by field', async () => {
    const wanted = { entity_id: 'https://idp.example', sso_url: SSO, certificates: [good.pem], name_id: 'persistent' };
    const forms = [
      { metadata_url: 'https://idp.example/metadata' },
      { metadata_xml: document() },
      { entity_id: 'https://idp.example', sso_url: SSO, certificates: [good.pem] },
      { entity_id: 'https://idp.example', sso_url: SSO, certificates: [good.body] },
    ];
    for (const form of forms) expect(await readSamlConfig(form, source)).toMatchObject(wanted);
    // What is shown can be saved again.
    const saved = await readSamlConfig(forms[0], source);
    expect(await readSamlConfig(saved, source)).toEqual(saved);
  });

  const fields = { entity_id: 'https://idp.example', sso_url: SSO, certificates: [good.pem] };
  test.each([
    ['nothing', {}, '/entity_id', /entity id/],
    ['an unknown field', { ...fields, colour: 'red' }, '/', /colour/],
    ['no address', { ...fields, sso_url: undefined }, '/sso_url', /sign-in URL/],
    ['a plain address', { ...fields, sso_url: 'http://idp.example/sso' }, '/sso_url', /https/],
    ['a script', { ...fields, sso_url: 'javascript:alert(1)' }, '/sso_url', /https/],
    ['no certificate', { ...fields, certificates: [] }, '/certificates', /add the certificate/],
    ['no certificate but a text', { ...fields, certificates: ['hello'] }, '/certificates/0', /no certificate in PEM/],
    ['a weak key', { ...fields, certificates: [weak.pem] }, '/certificates/0', /1024 bits; it needs 2048/],
    [
      'an expired certificate',
      { ...fields, certificates: [expired.pem] },
      '/certificates',
      /the certificate (?:[0-9a-f]{2}:){3}[0-9a-f]{2}… expired on 2026-01-31/,
    ],
    ['both forms of metadata', { metadata_url: 'https://idp.example/m', metadata_xml: document() }, '/metadata_xml', /either/],
    [
      'metadata of another provider',
      { ...fields, entity_id: 'https://b.example', metadata_xml: document() },
      '/metadata_xml',
      /does not describe https:\/\/b\.example, but https:\/\/idp\.example/,
    ],
    [
      'metadata without the redirect binding',
      { metadata_xml: document({ binding: 'HTTP-POST' }) },
      '/metadata_xml',
      /HTTP-Redirect/,
    ],
    ['metadata with a DOCTYPE', { metadata_xml: document({ before: '<!DOCTYPE x>' }) }, '/metadata_xml', /DOCTYPE/],
    [
      'metadata without certificates',
      { metadata_xml: document({ certificates: [] }) },
      '/metadata_xml',
      /no signing certificate/,
    ],
    [
      'eleven certificates',
      { metadata_xml: document({ certificates: Array.from({ length: 11 }, (_, i) => `${good.body}${i}`) }) },
      '/metadata_xml',
      /11 signing certificates/,
    ],
    ['no metadata', { metadata_xml: '<html></html>' }, '/metadata_xml', /describes no SAML identity provider/],
  ])('with %s says what is wrong', async (_, config, pointer, words) => {
    const problem = await readSamlConfig(config, source).catch((error: unknown) => error);
    expect(problem).toBeInstanceOf(ConfigProblem);
    expect((problem as ConfigProblem).pointer).toBe(pointer);
    expect((problem as ConfigProblem).message).toMatch(words);
  });

  test('from an address that may not be called is refused before it is called', async () => {
    let isCalled = false;
    const guarded = {
      ...source,
      checkUrl: () => 'is not allowed',
      fetchDocument: async () => {
        isCalled = true;
        return '';
      },
    };
    await expect(readSamlConfig({ metadata_url: 'http://10.0.0.1/' }, guarded)).rejects.toThrow('is not allowed');
    expect(isCalled).toBe(false);
  });

  test('of several providers in one document is the named one', () => {
    const [a, b] = [document({ entityId: 'https://a.example' }), document({ entityId: 'https://b.example' })].map((one) =>
      one.replace('<?xml version="1.0"?>', ''),
    );
    const both = `<EntitiesDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata">${a}${b}</EntitiesDescriptor>`;
    expect(readMetadata(both, 'https://b.example')).toMatchObject({ is: 'read', metadata: { entityId: 'https://b.example' } });
    expect(readMetadata(both, null)).toMatchObject({ is: 'refused', words: expect.stringContaining('2 identity providers') });
  });
});
