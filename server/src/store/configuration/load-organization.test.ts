import { eq } from 'drizzle-orm';
import { expect, test } from 'vitest';
import { onEveryDatabase } from '../../../test/support/database.ts';
import * as schema from '../schema.ts';
import { loadOrganization } from './load-organization.ts';

onEveryDatabase('what a request keeps of itself', (given) => {
  test('is sealed under its organization’s own key, which is read with the policy and gone when it is destroyed', async () => {
    const { db } = given();
    const organization = {
      id: 'org_1',
      slug: 'kept',
      name: 'Kept',
      auditContent: 'full' as const,
      contentKey: Buffer.from('wrapped'),
    };
    await db.insert(schema.organizations).values(organization);
    const loaded = await loadOrganization(db, 'org_1');
    expect(loaded?.auditContent).toBe('full');
    expect(loaded?.wrappedContentKey).toEqual({ bytes: Buffer.from('wrapped'), by: 'master' });
    await db.update(schema.organizations).set({ contentKey: null }).where(eq(schema.organizations.id, 'org_1'));
    expect((await loadOrganization(db, 'org_1'))?.wrappedContentKey).toBeNull();
  });
});
