/** The policies of organizations for sign-ins. An organization without a row asks for nothing. */
import { eq, sql } from 'drizzle-orm';
import type { SignInRules } from '../../domain/identity/evidence.ts';
import type { Database } from '../database.ts';
import { signInPolicies } from '../schema.ts';

export type SignInPolicyRow = typeof signInPolicies.$inferSelect;

export async function find(db: Database, organizationId: string): Promise<SignInPolicyRow | null> {
  const [row] = await db.select().from(signInPolicies).where(eq(signInPolicies.organizationId, organizationId));
  return row ?? null;
}

/** Returns the rules of a row, as evidence is judged by them. */
export function rulesFrom(row: SignInPolicyRow): SignInRules {
  const { signIn, secondFactor, evidenceHours, idleMinutes, breakGlass, enforcedAt } = row;
  return { signIn, secondFactor, evidenceHours, idleMinutes, breakGlass, enforcedAtMs: enforcedAt?.getTime() ?? null };
}

type Columns = Omit<typeof signInPolicies.$inferInsert, 'organizationId' | 'version' | 'updatedAt'>;

/** Stores a policy, with the next version. Lock the organization first. */
export async function save(tx: Database, organizationId: string, columns: Columns, at: Date): Promise<SignInPolicyRow> {
  const [row] = await tx
    .insert(signInPolicies)
    .values({ organizationId, ...columns, updatedAt: at })
    .onConflictDoUpdate({
      target: signInPolicies.organizationId,
      set: { ...columns, updatedAt: at, version: sql`${signInPolicies.version} + 1` },
    })
    .returning();
  return row as SignInPolicyRow;
}
