/**
 * The facts that decide whether admin tokens may act, for one or a page of them. Global: the tenant is not known before the
 * token.
 */
import { inArray } from 'drizzle-orm';
import { standingOfToken, type TokenFacts, type TokenOwner, type TokenStanding } from '../../domain/tenancy/admin-token.ts';
import { grantAboveTeams } from '../../domain/tenancy/permission.ts';
import type { Database } from '../database.ts';
import { organizations } from '../schema.ts';
import type { AdminTokenRow } from './admin-tokens.ts';
import type { TokenAccountRow } from './token-accounts.ts';
import * as tokenAccounts from './token-accounts.ts';
import { type NamedTokenPerson, peopleOf } from './token-people.ts';

/** The present standing of a token, and its owner. */
export interface JudgedToken {
  readonly standing: TokenStanding;
  readonly owner: TokenOwner['is'];
  /** The service account that owns it, or null. */
  readonly serviceAccount: TokenAccountRow | null;
  /** Its maker and the person who answers for its service account, by account id. */
  readonly people: ReadonlyMap<string, NamedTokenPerson>;
}

/**
 * Judges tokens by their owners' present roles, in order. At most three queries for any number, none for platform tokens of the
 * installation.
 */
export async function judgeTokens(db: Database, rows: readonly AdminTokenRow[], nowMs: number): Promise<readonly JudgedToken[]> {
  const accounts = await tokenAccounts.byIds(db, present(rows.map((row) => row.serviceAccountId)));
  const responsible = [...accounts.values()].map((account) => account.responsibleAccountId);
  const people = await peopleOf(db, [...present(rows.map((row) => row.makerAccountId)), ...responsible]);
  const statuses = await statusesOf(db, present(rows.map((row) => row.organizationId)));
  return rows.map((row) => {
    const serviceAccount = accounts.get(row.serviceAccountId ?? '') ?? null;
    const owner = ownerOf(row, serviceAccount, people);
    const facts: TokenFacts = {
      grant: grantAboveTeams(row),
      revokedAtMs: row.revokedAt?.getTime() ?? null,
      expiresAtMs: row.expiresAt?.getTime() ?? null,
      organization: row.organizationId === null ? null : (statuses.get(row.organizationId) ?? 'deleted'),
      owner,
    };
    const behind = present([row.makerAccountId, serviceAccount?.responsibleAccountId ?? null]);
    return {
      standing: standingOfToken(facts, nowMs),
      owner: owner.is,
      serviceAccount,
      people: new Map(behind.flatMap((id) => (people.has(id) ? [[id, people.get(id) as NamedTokenPerson]] : []))),
    };
  });
}

export async function judgeToken(db: Database, row: AdminTokenRow, nowMs: number): Promise<JudgedToken> {
  const [judged] = await judgeTokens(db, [row], nowMs);
  return judged as JudgedToken;
}

function ownerOf(row: AdminTokenRow, account: TokenAccountRow | null, people: ReadonlyMap<string, NamedTokenPerson>): TokenOwner {
  if (row.serviceAccountId !== null) {
    const isActive = account !== null && account.deletedAt === null && account.status === 'active';
    return { is: 'service_account', isActive, responsible: people.get(account?.responsibleAccountId ?? '') ?? null };
  }
  if (row.makerAccountId !== null) return { is: 'account', maker: people.get(row.makerAccountId) ?? null };
  if (row.origin !== null) return { is: 'installation' };
  return { is: 'nobody', endsAtMs: row.unownedEndsAt?.getTime() ?? 0 };
}

async function statusesOf(db: Database, ids: readonly string[]) {
  if (ids.length === 0) return new Map<string, TokenFacts['organization']>();
  const rows = await db
    .select({ id: organizations.id, status: organizations.status })
    .from(organizations)
    .where(inArray(organizations.id, [...new Set(ids)]));
  return new Map(rows.map((row) => [row.id, row.status]));
}

function present(ids: readonly (string | null)[]): readonly string[] {
  return ids.filter((id) => id !== null);
}
