/** The people of an organization's SCIM directory. Each belongs to a membership, whose id is the person's id in SCIM. */
import { and, asc, eq, inArray, isNull, ne, or, type SQL, sql } from 'drizzle-orm';
import type { Database } from '../database.ts';
import { type Listed, listNamed, named, type PageRequest } from '../named-list.ts';
import { accountMemberships, accounts, memberships, scimUsers } from '../schema.ts';

export type ScimUserRow = typeof scimUsers.$inferSelect;

/** A person of the directory, with the state of the membership. */
export interface ScimPerson extends ScimUserRow {
  readonly accountId: string;
  readonly memberStatus: 'active' | 'disabled' | 'removed';
}

export interface PersonKey {
  readonly organizationId: string;
  readonly id: string;
}

/** One condition on people. All of a filter must hold. */
export type PersonCondition =
  | { readonly on: 'id' | 'externalId'; readonly equals: string }
  /** Compared without regard to case. */
  | { readonly on: 'userName' | 'displayName'; readonly equals: string }
  /** `type` null: an address of any type. */
  | { readonly on: 'email'; readonly type: string | null; readonly equals: string }
  | { readonly on: 'active'; readonly equals: boolean };

export interface OffsetPage {
  readonly offset: number;
  readonly limit: number;
}

export async function find(db: Database, key: PersonKey): Promise<ScimPerson | null> {
  const [row] = await select(db).where(at(key));
  return row === undefined ? null : personFrom(row);
}

/** Finds a person, and locks the row of the directory until the transaction ends. */
export async function lock(tx: Database, key: PersonKey): Promise<ScimPerson | null> {
  const [row] = await select(tx).where(at(key)).for('update', { of: scimUsers });
  return row === undefined ? null : personFrom(row);
}

/** Returns one page in order of id, and the number of people on all pages. */
export async function search(
  db: Database,
  organizationId: string,
  conditions: readonly PersonCondition[],
  { offset, limit }: OffsetPage,
): Promise<{ readonly rows: readonly ScimPerson[]; readonly total: number }> {
  const wanted = and(eq(scimUsers.organizationId, organizationId), ...conditions.map(conditionOf));
  const [counted] = await db
    .select({ total: sql<number>`count(*)::int` })
    .from(scimUsers)
    .innerJoin(memberships, isOfMember())
    .where(wanted);
  const rows = limit === 0 ? [] : await select(db).where(wanted).orderBy(asc(scimUsers.id)).limit(limit).offset(offset);
  return { rows: rows.map(personFrom), total: counted?.total ?? 0 };
}

/** Inserts a person. Throws UniqueViolation if the user name or the external id is taken in this directory. */
export async function insert(tx: Database, row: typeof scimUsers.$inferInsert): Promise<void> {
  await tx.insert(scimUsers).values(row);
}

export async function update(tx: Database, key: PersonKey, changes: Partial<ScimUserRow>, now: Date): Promise<void> {
  await tx
    .update(scimUsers)
    .set({ ...changes, updatedAt: now })
    .where(at(key));
}

/** Removes a person from the directory and from its groups. The membership stays. */
export async function remove(tx: Database, key: PersonKey): Promise<void> {
  await tx.delete(scimUsers).where(at(key));
}

/** Returns those of the ids that are people of the directory. */
export async function known(db: Database, organizationId: string, ids: readonly string[]): Promise<ReadonlySet<string>> {
  if (ids.length === 0) return new Set();
  const rows = await db
    .select({ id: scimUsers.id })
    .from(scimUsers)
    .where(and(eq(scimUsers.organizationId, organizationId), inArray(scimUsers.id, [...ids])));
  return new Set(rows.map(({ id }) => id));
}

/** The places of an account, as far as they decide whether an organization's directory may write to it. */
export interface AccountTies {
  /** True if the account is or was a member of another organization, or another one or the platform made it. */
  readonly isElsewhere: boolean;
  readonly hasPlatformRole: boolean;
}

/** Returns the ties of an account beyond one organization. */
export async function tiesOf(
  db: Database,
  { organizationId, accountId }: { readonly organizationId: string; readonly accountId: string },
): Promise<AccountTies> {
  const [account] = await db
    .select({ role: accounts.platformRole, boundTo: accounts.boundOrganizationId })
    .from(accounts)
    .where(eq(accounts.id, accountId));
  const places = await db
    .select({ organizationId: accountMemberships.organizationId })
    .from(accountMemberships)
    .where(eq(accountMemberships.accountId, accountId));
  const isHere = account?.boundTo === organizationId || places.some((place) => place.organizationId === organizationId);
  const isBoundElsewhere = account !== undefined && account.boundTo !== null && account.boundTo !== organizationId;
  const isElsewhere = !isHere || isBoundElsewhere || places.some((place) => place.organizationId !== organizationId);
  return { isElsewhere, hasPlatformRole: (account?.role ?? null) !== null };
}

/**
 * Finds the member whom an identity provider names by the `externalId` of the directory. Returns null also for an account that
 * belongs elsewhere too or has a platform role: its owner signs in their own way once, and links it.
 */
export async function findByExternalId(
  db: Database,
  organizationId: string,
  externalId: string,
): Promise<{ readonly accountId: string; readonly membershipId: string; readonly isActive: boolean } | null> {
  const wanted = and(eq(scimUsers.organizationId, organizationId), eq(scimUsers.externalId, externalId));
  const [row] = await select(db).where(wanted);
  if (row === undefined) return null;
  const { accountId, id: membershipId, memberStatus } = personFrom(row);
  const { isElsewhere, hasPlatformRole } = await tiesOf(db, { organizationId, accountId });
  return isElsewhere || hasPlatformRole ? null : { accountId, membershipId, isActive: memberStatus === 'active' };
}

/** The states of people in lists. `inactive`: the directory disabled the member. `disabled_here`: an admin did. */
export const PERSON_STATES = ['active', 'inactive', 'disabled_here'] as const;
export type PersonState = (typeof PERSON_STATES)[number];

export interface PeopleFilter {
  readonly organizationId: string;
  readonly search?: string | undefined;
  readonly state?: PersonState | undefined;
}

/** Returns one page of people for the organization's admins. */
export async function list(
  db: Database,
  { organizationId, search, state }: PeopleFilter,
  page: PageRequest,
): Promise<Listed<ScimPerson>> {
  const wanted = [
    eq(scimUsers.organizationId, organizationId),
    named(scimUsers, search, scimUsers.userName, scimUsers.email),
    state === undefined ? undefined : inState(db, state),
  ];
  const listed = await listNamed(db, scimUsers, { list: 'scim-people', wanted, page });
  const ids = listed.rows.map(({ id }) => id);
  const found = ids.length === 0 ? [] : await select(db).where(of(organizationId, ids));
  const byId = new Map(found.map((row) => [row.person.id, personFrom(row)]));
  const rows = listed.rows.flatMap(({ id }) => byId.get(id) ?? []);
  return { ...listed, rows };
}

export function count(db: Database, organizationId: string): Promise<number> {
  return db.$count(scimUsers, eq(scimUsers.organizationId, organizationId));
}

/** Removes all people of an organization. */
export async function removeAllOf(tx: Database, organizationId: string): Promise<void> {
  await tx.delete(scimUsers).where(eq(scimUsers.organizationId, organizationId));
}

function inState(db: Database, state: PersonState): SQL {
  const isDisabled = sql`exists (${db
    .select({ one: sql`1` })
    .from(memberships)
    .where(and(isOfMember(), ne(memberships.status, 'active')))})`;
  switch (state) {
    case 'active':
      return sql`not ${isDisabled}`;
    case 'inactive':
      return sql`${scimUsers.disabledMember} and ${isDisabled}`;
    case 'disabled_here':
      return sql`not ${scimUsers.disabledMember} and ${isDisabled}`;
  }
}

/** Returns the state of a person, as lists filter by it. */
export function stateOf({ memberStatus, disabledMember }: ScimPerson): PersonState {
  if (memberStatus === 'active') return 'active';
  return disabledMember ? 'inactive' : 'disabled_here';
}

function conditionOf(condition: PersonCondition): SQL | undefined {
  switch (condition.on) {
    case 'id':
      return eq(scimUsers.id, condition.equals);
    case 'externalId':
      return eq(scimUsers.externalId, condition.equals);
    case 'userName':
      return sql`lower(${scimUsers.userName}) = lower(${condition.equals})`;
    case 'displayName':
      return sql`lower(${scimUsers.resource}->>'displayName') = lower(${condition.equals})`;
    case 'email': {
      const key = emailKey(condition.type, condition.equals);
      return condition.type === null
        ? or(eq(scimUsers.email, key), sql`${key} = any(${scimUsers.emailKeys})`)
        : sql`${key} = any(${scimUsers.emailKeys})`;
    }
    case 'active':
      return condition.equals ? eq(memberships.status, 'active') : ne(memberships.status, 'active');
  }
}

/** Returns the text under which an address is found: in lower case, after its type if one is asked for. */
export function emailKey(type: string | null, address: string): string {
  return (type === null ? address : `${type} ${address}`).toLowerCase();
}

function select(db: Database) {
  return db
    .select({ person: scimUsers, accountId: memberships.accountId, memberStatus: memberships.status })
    .from(scimUsers)
    .innerJoin(memberships, isOfMember());
}

function personFrom(row: {
  readonly person: ScimUserRow;
  readonly accountId: string;
  readonly memberStatus: ScimPerson['memberStatus'];
}): ScimPerson {
  return { ...row.person, accountId: row.accountId, memberStatus: row.memberStatus };
}

function isOfMember(): SQL | undefined {
  return and(
    eq(memberships.organizationId, scimUsers.organizationId),
    eq(memberships.id, scimUsers.id),
    isNull(memberships.removedAt),
  );
}

function at({ organizationId, id }: PersonKey): SQL | undefined {
  return and(eq(scimUsers.organizationId, organizationId), eq(scimUsers.id, id));
}

function of(organizationId: string, ids: readonly string[]): SQL | undefined {
  return and(eq(scimUsers.organizationId, organizationId), inArray(scimUsers.id, [...ids]));
}
