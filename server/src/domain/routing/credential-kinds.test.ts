import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isSameAddress, keyAddress } from '../tenancy/key-address.ts';
import { CREDENTIAL_KINDS, type CredentialKind } from './credential.ts';
import { CREDENTIAL_RULES, credentialFault, isOwnAddress, SETTING_FORMS, type SettingName } from './credential-kinds.ts';

const GOOD = {
  bedrock: { settings: { region: 'eu-central-1' }, baseUrl: null },
  vertex: { settings: { project: 'acme-prod', location: 'europe-west4' }, baseUrl: null },
  azure: { settings: {}, baseUrl: 'https://acme.openai.azure.com' },
  other: { settings: {}, baseUrl: null },
};
const goodOf = (provider: string) => GOOD[provider as keyof typeof GOOD] ?? GOOD.other;

/** Every provider with every kind it takes, as the design lists them. */
const TAKEN: readonly (readonly [string, readonly CredentialKind[]])[] = [
  ['openai', ['api_key']],
  ['anthropic', ['api_key']],
  ['gemini', ['api_key']],
  ['cohere', ['api_key']],
  ['voyage', ['api_key']],
  ['bedrock', ['aws_static', 'aws_bearer', 'ambient']],
  ['azure', ['api_key', 'azure_entra', 'ambient']],
  ['vertex', ['gcp_service_account', 'ambient']],
];

describe('the kinds of credentials', () => {
  it('are those of the table for each provider, and no other', () => {
    expect(Object.keys(CREDENTIAL_RULES).sort()).toEqual(TAKEN.map(([provider]) => provider).sort());
    for (const [provider, kinds] of TAKEN)
      for (const kind of CREDENTIAL_KINDS) {
        const fault = credentialFault({ provider, kind, ...goodOf(provider) });
        expect([provider, kind, fault?.field ?? null]).toEqual([provider, kind, kinds.includes(kind) ? null : 'kind']);
      }
    for (const provider of ['fake', 'Acme', 'constructor', '__proto__', ''])
      expect(credentialFault({ provider, kind: 'api_key', settings: {}, baseUrl: null })?.field).toBe('kind');
  });

  it('of a preset is an API key with an address, whatever its name', () => {
    for (const kind of CREDENTIAL_KINDS) {
      const fault = credentialFault({ provider: 'acme-llm', kind, settings: {}, baseUrl: 'https://llm.acme.example/v1' });
      expect([kind, fault?.field ?? null]).toEqual([kind, kind === 'api_key' ? null : 'kind']);
    }
    expect(credentialFault({ provider: 'groq', kind: 'api_key', settings: {}, baseUrl: null })?.field).toBe('base_url');
    expect(
      credentialFault({ provider: 'groq', kind: 'api_key', settings: { region: 'eu-central-1' }, baseUrl: 'https://a.example' })
        ?.field,
    ).toBe('settings/region');
  });

  it.each([
    ['bedrock', 'aws_static', {}, null, 'settings/region'],
    ['vertex', 'gcp_service_account', { location: 'eu' }, null, 'settings/project'],
    ['vertex', 'gcp_service_account', { project: 'acme-prod' }, null, 'settings/location'],
    ['azure', 'api_key', {}, null, 'base_url'],
    ['openai', 'api_key', { region: 'eu-central-1' }, null, 'settings/region'],
    ['azure', 'api_key', { apiVersion: '2024-10-21/../x' }, 'https://a.openai.azure.com', 'settings/api_version'],
  ] as const)('say what is missing or too much: %s %s %j', (provider, kind, settings, baseUrl, field) => {
    expect(credentialFault({ provider, kind, settings, baseUrl })?.field).toBe(field);
  });

  it.each([
    ['region', ['us-east-1', 'eu-central-1', 'us-gov-west-1', 'ap-southeast-5', 'mx-central-1', 'eusc-de-east-1']],
    [
      'location',
      ['global', 'us', 'eu', 'us-central1', 'northamerica-northeast1', 'europe-west4', 'asia-southeast1', 'me-central2'],
    ],
    ['project', ['acme-prod', 'my-project-123456', '123456789012']],
    ['apiVersion', ['2024-10-21', '2025-04-01-preview']],
  ] as const)('take the settings that vendors have: %s', (name, values) => {
    for (const value of values) expect([value, SETTING_FORMS[name].pattern.test(value)]).toEqual([value, true]);
  });

  const hostile = fc.oneof(
    fc.string({ maxLength: 60 }),
    fc.string({ unit: 'binary', maxLength: 20 }),
    fc
      .tuple(
        fc.constantFrom('us-east-1', 'global', 'acme-prod', '2024-10-21', 'europe-west4', ''),
        fc.constantFrom('/', '.', '..', '@evil.test', '#', '?x=', '\n', '\r\nhost: x', '%2f', ':443', '\\', ' ', '\0', '․', 'ａ'),
        fc.constantFrom('', 'us-east-1', 'evil.test', 'x'),
      )
      .map((parts) => parts.join('')),
  );

  it('put nothing into a host or a path but one label of letters, digits and dashes', () => {
    fc.assert(
      fc.property(fc.constantFrom(...(Object.keys(SETTING_FORMS) as SettingName[])), hostile, (name, value) => {
        if (!SETTING_FORMS[name].pattern.test(value)) return;
        expect(value).toMatch(/^[a-z0-9-]{2,40}$/);
        expect(encodeURIComponent(value)).toBe(value);
        expect(new URL(`https://bedrock-runtime.${value}.amazonaws.com/model/x`).hostname).toBe(
          `bedrock-runtime.${value}.amazonaws.com`,
        );
        expect(new URL(`https://aiplatform.googleapis.com/v1/projects/${value}/x`).pathname).toBe(`/v1/projects/${value}/x`);
      }),
      { numRuns: 5_000 },
    );
  });

  it('check every form of a setting in time, however long it is', () => {
    for (const { pattern } of Object.values(SETTING_FORMS))
      for (const text of ['a-'.repeat(50_000), `${'a'.repeat(100_000)}1`, '1'.repeat(100_000)]) {
        const startedMs = performance.now();
        expect(pattern.test(text)).toBe(false);
        expect(performance.now() - startedMs).toBeLessThan(50);
      }
  });
});

describe('the identity of the machine', () => {
  it.each([
    ['bedrock', null, true],
    ['bedrock', 'https://bedrock-runtime.us-east-1.amazonaws.com', true],
    ['bedrock', 'https://vpce-0a1b-x.bedrock-runtime.us-east-1.vpce.amazonaws.com', true],
    ['bedrock', 'https://x.execute-api.us-east-1.amazonaws.com', false],
    ['bedrock', 'https://bedrock-runtime.us-east-1.amazonaws.com.evil.test', false],
    ['bedrock', 'http://bedrock-runtime.us-east-1.amazonaws.com', false],
    ['bedrock', 'https://bedrock-runtime.us-east-1.amazonaws.com:8443', false],
    ['azure', 'https://acme.openai.azure.com/openai', true],
    ['azure', 'https://acme.azure-api.net', false],
    ['azure', 'https://evil.test/.openai.azure.com', false],
    ['azure', 'https://acme.openai.azure.com@evil.test/', false],
    ['vertex', 'https://europe-west4-aiplatform.googleapis.com', true],
    ['vertex', 'https://aiplatform.eu.rep.googleapis.com', true],
    ['vertex', 'https://storage.googleapis.com', false],
    ['openai', null, false],
  ] as const)('goes to its own cloud alone: %s %s', (provider, baseUrl, isOwn) => {
    expect(isOwnAddress(provider, baseUrl)).toBe(isOwn);
  });
});

describe('the address of a secret', () => {
  const place = (kind: CredentialKind, region: string, baseUrl: string | null = null) => ({
    provider: 'bedrock',
    kind,
    settings: { region },
    baseUrl,
  });

  it('is in the region that the host names, unless there is a base URL', () => {
    expect(isSameAddress(place('aws_bearer', 'eu-central-1'), place('aws_bearer', 'us-east-1'))).toBe(false);
    const url = 'https://llm.example.com';
    expect(isSameAddress(place('aws_bearer', 'eu-central-1', url), place('aws_bearer', 'us-east-1', url))).toBe(true);
    const vertex = (location: string, project = 'acme-prod') => ({
      provider: 'vertex',
      kind: 'ambient',
      settings: { location, project },
      baseUrl: null,
    });
    expect(isSameAddress(vertex('eu'), vertex('us'))).toBe(false);
    expect(isSameAddress(vertex('eu'), vertex('eu', 'acme-test'))).toBe(true);
  });

  it('is in the form of earlier versions only for what they know, so that they open nothing else', () => {
    expect(keyAddress({ provider: 'openai', baseUrl: null })).toBe('openai vendor');
    expect(keyAddress({ provider: 'gemini', baseUrl: 'https://a.example/v1', kind: 'api_key', settings: {} })).toBe(
      'gemini https://a.example',
    );
    for (const [provider, kinds] of TAKEN)
      for (const kind of kinds) {
        const { settings, baseUrl } = goodOf(provider);
        const asEarlier = `${provider} ${baseUrl ?? 'vendor'}`;
        const isKnown = kind === 'api_key' && ['openai', 'anthropic', 'gemini'].includes(provider);
        expect([provider, kind, keyAddress({ provider, kind, settings, baseUrl }) === asEarlier]).toEqual([
          provider,
          kind,
          isKnown,
        ]);
      }
  });
});
