/** The logins that organizations allow. */
import { eq, sql } from 'drizzle-orm';
import type { LoginPolicy } from '../../domain/logins/words.ts';
import type { Database } from '../database.ts';
import { loginPolicies } from '../schema.ts';

/** The policy of an organization. `version` 0: it never set one, and allows all logins. */
export interface StoredLoginPolicy {
  readonly logins: LoginPolicy;
  readonly version: number;
}

export async function find(db: Database, organizationId: string): Promise<StoredLoginPolicy> {
  const [row] = await db.select().from(loginPolicies).where(eq(loginPolicies.organizationId, organizationId));
  return row === undefined ? { logins: 'any', version: 0 } : { logins: row.logins, version: row.version };
}

export async function put(tx: Database, organizationId: string, logins: LoginPolicy, now: Date): Promise<StoredLoginPolicy> {
  const [row] = await tx
    .insert(loginPolicies)
    .values({ organizationId, logins, updatedAt: now })
    .onConflictDoUpdate({
      target: loginPolicies.organizationId,
      set: { logins, updatedAt: now, version: sql`${loginPolicies.version} + 1` },
    })
    .returning();
  return { logins, version: row?.version ?? 1 };
}
