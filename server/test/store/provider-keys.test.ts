import { expect, test } from 'vitest';
import { type ListedKey, readKeys, writeKeys } from '../../src/store/identity/provider-keys.ts';
import * as schema from '../../src/store/schema.ts';
import { onEveryDatabase } from '../support/database.ts';

const HOUR_MS = 3_600_000;
const at = (hours: number) => new Date(Date.parse('2026-01-01T00:00:00Z') + hours * HOUR_MS);
const listed = (from: string, ...ids: string[]): { readonly from: string; readonly keys: readonly ListedKey[] } => ({
  from,
  keys: ids.map((id) => ({ id, value: JSON.stringify({ kty: 'RSA', kid: id, from }) })),
});

onEveryDatabase('keys of identity providers', (given) => {
  async function provider(id: string) {
    const { db } = given();
    const address = { organizationId: `org_${id}`, providerId: `idp_${id}` };
    await db.insert(schema.organizations).values({ id: address.organizationId, slug: id, name: id });
    await db.insert(schema.identityProviders).values({
      ...{
        organizationId: address.organizationId,
        id: address.providerId,
        name: id,
        protocol: 'oidc',
        config: {},
        createdBy: 'acct_1',
      },
    });
    const ids = async (since = at(0)) => (await readKeys(db, address, since)).map((key) => key.id);
    return { address, ids, write: (keys: ReturnType<typeof listed>, when: Date) => writeKeys(db, address, keys, when) };
  }

  test('what a provider no longer lists is gone, and comes back if it does', async () => {
    const { ids, write } = await provider('rolls');
    await write(listed('https://a/jwks', 'k1', 'k2'), at(0));
    await write(listed('https://a/jwks', 'k2', 'k3'), at(1));
    expect(await ids()).toEqual(['k2', 'k3']);
    await write(listed('https://a/jwks', 'k1'), at(2));
    expect(await ids()).toEqual(['k1']);
    expect(await ids(at(3))).toEqual([]);
  });

  test('an older list of another process changes nothing', async () => {
    const { ids, write } = await provider('races');
    await write(listed('https://a/jwks', 'new'), at(2));
    await write(listed('https://a/jwks', 'old'), at(1));
    expect(await ids(at(2))).toEqual(['new']);
  });

  test('keys of a configuration that waits for its test stand beside those in use', async () => {
    const { ids, write } = await provider('waits');
    await write(listed('https://a/jwks', 'a1'), at(0));
    await write(listed('https://b/jwks', 'b1'), at(1));
    expect(await ids()).toEqual(['a1', 'b1']);
    await write(listed('https://b/jwks', 'b1'), at(26));
    expect(await ids()).toEqual(['b1']);
  });

  test('a provider has its own keys', async () => {
    const [one, other] = [await provider('one'), await provider('other')];
    await one.write(listed('https://a/jwks', 'k1'), at(0));
    await other.write(listed('https://a/jwks', 'k2'), at(1));
    expect([await one.ids(), await other.ids()]).toEqual([['k1'], ['k2']]);
  });
});
