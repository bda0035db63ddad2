/** The console offers for each provider what the server takes: the same kinds and settings, and a base URL where one is needed. */
import { expect, test } from 'vitest';
import { CREDENTIAL_FORMS, CREDENTIAL_PROVIDERS } from '../../console/src/api/credentials.ts';
import { CREDENTIAL_RULES } from '../src/domain/routing/credential-kinds.ts';

const inApi = (name: string) => (name === 'apiVersion' ? 'api_version' : name);

test('the console offers every provider, with the kinds and settings that the server takes', () => {
  const rules = Object.entries(CREDENTIAL_RULES).map(([provider, { kinds, required, optional, needsBaseUrl }]) => [
    provider,
    { kinds, required: required.map(inApi), optional: optional.map(inApi), needsBaseUrl },
  ]);
  expect(CREDENTIAL_FORMS).toEqual(Object.fromEntries(rules));
  expect([...CREDENTIAL_PROVIDERS].sort()).toEqual(Object.keys(CREDENTIAL_RULES).sort());
});
