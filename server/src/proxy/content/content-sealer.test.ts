import { expect, test } from 'vitest';
import type { OrganizationConfig } from '../../domain/tenancy/tenancy.ts';
import { contentKeyPurpose, newDataKey, open, UnsealFailure, wrapKey } from '../../lib/secrets.ts';
import { createContentSealer } from './content-sealer.ts';

const masterKey = newDataKey();
const ofInstallation = newDataKey();
const seal = createContentSealer({ master: masterKey, installation: ofInstallation });

function organization(id: string, dataKey: Buffer | null, purpose = contentKeyPurpose(id)): OrganizationConfig {
  return {
    id,
    slug: id,
    name: id,
    status: 'active',
    timeZone: 'UTC',
    access: { mode: 'all' },
    auditContent: 'full',
    wrappedContentKey: dataKey === null ? null : { bytes: wrapKey(ofInstallation, dataKey, purpose), by: 'installation' },
    version: 1,
    teams: new Map(),
    members: new Map(),
    serviceAccounts: new Map(),
    rateLimits: {},
    modelLimits: [],
    budgets: [],
  };
}

// promise: encrypted with a per-organization key (destroying the key destroys the content)
test('what is kept is sealed under the organization’s own key, for the one request it belongs to', () => {
  const key = newDataKey();
  const sealed = seal(organization('org_1', key), 'req_1', 'what was said') as Buffer;
  expect(sealed.includes('said')).toBe(false);
  expect(open(key, sealed, 'req_1').toString()).toBe('what was said');
  expect(() => open(key, sealed, 'req_2')).toThrow(UnsealFailure);
  expect(() => open(newDataKey(), sealed, 'req_1')).toThrow(UnsealFailure);
});

test('two organizations never share a key, nor one request’s bytes with another that said the same', () => {
  const [one, other] = [newDataKey(), newDataKey()];
  const acme = organization('org_1', one);
  const first = seal(acme, 'req_1', 'the same') as Buffer;
  expect((seal(acme, 'req_1', 'the same') as Buffer).equals(first)).toBe(false);
  expect(() => open(one, seal(organization('org_2', other), 'req_1', 'the same') as Buffer, 'req_1')).toThrow(UnsealFailure);
});

test('a key that a version before wrapped with the master key opens as well, by what its row says', () => {
  const key = newDataKey();
  const bytes = wrapKey(masterKey, key, contentKeyPurpose('org_1'));
  const older = (by: 'master' | 'installation') => ({ ...organization('org_1', null), wrappedContentKey: { bytes, by } });
  const sealed = seal(older('master'), 'req_1', 'what was said') as Buffer;
  expect(open(key, sealed, 'req_1').toString()).toBe('what was said');
  expect(() => seal(older('installation'), 'req_1', 'what was said')).toThrow(UnsealFailure);
});

// promise: the content key is destroyed
// promise: Content is stored only as the organization says, under another key that can be destroyed
test('once the key is destroyed nothing is kept, whatever was kept before', () => {
  const key = newDataKey();
  expect(seal(organization('org_1', key), 'req_1', 'before')).not.toBeNull();
  expect(seal(organization('org_1', null), 'req_2', 'after')).toBeNull();
});

test('another organization’s wrapped key does not open here', () => {
  const stolen = organization('org_1', newDataKey(), contentKeyPurpose('org_2'));
  expect(() => seal(stolen, 'req_1', 'what was said')).toThrow(UnsealFailure);
});
