/**
 * The roles of people of the directory. Groups give roles only by mappings, and a group's name has no meaning. A mapping was
 * checked when it was saved. It is checked again here: while its editor may no longer give the role, it gives it to nobody new,
 * and nobody loses it. The directory wins over sign-ins: `roleAfter` decides who gives the role in a place.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { DIRECTORY } from '../../domain/identity/given-role.ts';
import { type GroupRoles, rolesOfGroups } from '../../domain/identity/group-roles.ts';
import {
  canGrantRole,
  grantAboveTeams,
  ORGANIZATION_ROLES,
  type RoleGrant,
  TEAM_ROLES,
} from '../../domain/tenancy/permission.ts';
import { describeDefect } from '../../lib/defect.ts';
import { requestId } from '../../lib/id.ts';
import { grantsOf, placesOf } from '../../store/accounts/account-places.ts';
import * as accounts from '../../store/accounts/accounts.ts';
import * as adminTokens from '../../store/accounts/admin-tokens.ts';
import { judgeToken } from '../../store/accounts/token-facts.ts';
import type { Database } from '../../store/database.ts';
import { type MappingRow, mappingsOfPerson } from '../../store/identity/scim-mappings.ts';
import * as people from '../../store/identity/scim-people.ts';
import * as roleQueue from '../../store/identity/scim-role-queue.ts';
import * as memberships from '../../store/tenancy/memberships.ts';
import * as organizations from '../../store/tenancy/organizations.ts';
import { narrowingOf } from '../http/actor.ts';
import { type Change, type ChangeEvent, change } from '../http/change.ts';
import type { AdminDeps } from '../http/deps.ts';
import { applyGroups } from '../identity/apply-groups.ts';
import { OWN_ACTOR, ownCall } from './scim-call.ts';

/** The most people whose roles one request works out. The job does the others within a minute or two. */
const IN_REQUEST_MAX = 20;
/** The most people of one transaction of the job. Requests of the directory wait for it, so it is short. */
export const BATCH = 5;
/** A transaction that took longer is followed by one of fewer people. The embedded database does nothing else meanwhile. */
const LONG_MS = 100;
/** The least pause between two transactions. It is never shorter than the transaction before it, so that others have half of the time. */
const PAUSE_MS_MIN = 10;
/** The longest pause, after a transaction that had to wait for others. */
const PAUSE_MS_MAX = 1_000;
/** The failures after which a run leaves an organization to the next run. */
const FAILURES_MAX = 5;

/** Notes that people's groups changed, and works out the roles of the first of them. The organization must be locked. */
export async function applyToPeople(change: Change, organizationId: string, userIds: readonly string[]): Promise<void> {
  if (userIds.length > IN_REQUEST_MAX) return roleQueue.queue(change.tx, organizationId, userIds);
  await applyToEach(change, organizationId, userIds);
}

/**
 * Works out the roles of a person who is signing in, before the sign-in gives its own. So the sign-in takes away nothing that a
 * group gives: also while the queue is behind, and after a process of the version before left a role to the sign-in. Returns what
 * the groups give. Does nothing for whoever is not in the directory. The organization must be locked.
 */
export async function applyBeforeSignIn(change: Change, key: people.PersonKey): Promise<GroupRoles | undefined> {
  if ((await people.find(change.tx, key)) === null) return undefined;
  const { id, kind, name } = OWN_ACTOR;
  const own = { ...change, record: (event: ChangeEvent) => change.record({ ...event, by: { id, kind, name } }) };
  return applyTo(own, key, (mapping) => mayStillGive(change, mapping));
}

async function applyToEach(change: Change, organizationId: string, userIds: readonly string[]): Promise<void> {
  // Of each mapping, its editor is judged once.
  const judged = new Map<string, Promise<boolean>>();
  const mayGive = (mapping: MappingRow) => {
    const verdict = judged.get(mapping.id) ?? mayStillGive(change, mapping);
    judged.set(mapping.id, verdict);
    return verdict;
  };
  for (const id of userIds) await applyTo(change, { organizationId, id }, mayGive);
}

/** Works out the roles of one person. Returns what the groups give. */
async function applyTo(
  change: Change,
  key: people.PersonKey,
  mayGive: (mapping: MappingRow) => Promise<boolean>,
): Promise<GroupRoles> {
  const mappings: MappingRow[] = [];
  for (const mapping of await mappingsOfPerson(change.tx, key)) {
    // A mapping that its editor may no longer give takes from nobody what it would give.
    if ((await mayGive(mapping)) || (await hasAlready(change.tx, key, mapping))) mappings.push(mapping);
  }
  const groups = mappings.map(({ value }) => value);
  await applyGroups(change, { organizationId: key.organizationId, membershipId: key.id, source: DIRECTORY, groups, mappings });
  return rolesOfGroups(mappings, groups);
}

/** Reports whether the editor of a mapping may give its role now. */
export async function mayStillGive({ tx, now }: Pick<Change, 'tx' | 'now'>, mapping: MappingRow): Promise<boolean> {
  const { organizationId, role, teamId, teamRole, createdBy } = mapping;
  const grant = (role === null ? { role: teamRole, organizationId, teamId } : { role, organizationId }) as RoleGrant;
  if (createdBy.startsWith('adm_')) {
    const token = await adminTokens.find(tx, createdBy);
    if (token === null || (await judgeToken(tx, token, now.getTime())).standing.is !== 'active') return false;
    return canGrantRole({ roles: [grantAboveTeams(token)], accountId: null, narrowing: narrowingOf(token) }, grant);
  }
  const account = await accounts.find(tx, createdBy);
  if (account === null || account.status !== 'active') return false;
  const roles = grantsOf(account.platformRole, await placesOf(tx, account.id));
  return canGrantRole({ roles, accountId: account.id }, grant);
}

/** Reports whether the person has the role of a mapping, or a stronger one, already. */
async function hasAlready(tx: Database, { organizationId, id }: people.PersonKey, mapping: MappingRow): Promise<boolean> {
  if (mapping.role !== null) {
    const member = await memberships.find(tx, { organizationId, id });
    return member !== null && isAsStrong(ORGANIZATION_ROLES, member.role, mapping.role);
  }
  const teams = (await memberships.teamsOf(tx, [organizationId], [id])).get(id) ?? [];
  const team = teams.find(({ teamId }) => teamId === mapping.teamId);
  return team !== undefined && isAsStrong(TEAM_ROLES, team.role, mapping.teamRole ?? '');
}

/** The order of a list of roles is that of their strength. */
function isAsStrong(order: readonly string[], held: string, wanted: string): boolean {
  return order.indexOf(held) >= 0 && order.indexOf(held) <= order.indexOf(wanted);
}

/**
 * Works out the roles of everybody in the queue, in small transactions with pauses between: the embedded database has one
 * connection, and a request of several queries would wait for a transaction before each of them. Returns the number of people. A
 * person whose roles cannot be worked out is logged and goes to the end of the queue, so that nobody else waits for them.
 */
export async function applyQueued(deps: AdminDeps, goOn: () => void): Promise<number> {
  let done = 0;
  for (const organizationId of await roleQueue.waiting(deps.db)) {
    let [batch, failures] = [BATCH, 0];
    while (failures < FAILURES_MAX) {
      goOn();
      const begunMs = performance.now();
      try {
        const taken = await applyNext(deps, organizationId, batch);
        done += taken;
        if (taken < batch) break;
        const tookMs = performance.now() - begunMs;
        batch = tookMs > LONG_MS ? Math.max(1, Math.floor(batch / 2)) : Math.min(BATCH, batch + 1);
        await sleep(Math.min(PAUSE_MS_MAX, Math.max(PAUSE_MS_MIN, tookMs)));
      } catch (error) {
        if (batch === 1) {
          failures += 1;
          const facts = { organization_id: organizationId, ...describeDefect(error) };
          deps.log.warn(facts, 'jobs: the roles of a person of a SCIM directory could not be worked out; they are tried again');
          await roleQueue.postpone(deps.db, organizationId, new Date(deps.clock.nowMs()));
        }
        batch = 1;
      }
    }
  }
  return done;
}

/** Works out the roles of the next people of an organization. Returns their number. */
function applyNext(deps: AdminDeps, organizationId: string, limit: number): Promise<number> {
  return change(ownCall(deps, requestId(deps.clock.nowMs())), async (change) => {
    // Before the queue, as requests do that add people to it: otherwise the two could wait for each other.
    await organizations.lock(change.tx, organizationId);
    const ids = await roleQueue.take(change.tx, organizationId, limit);
    await applyToEach(change, organizationId, ids);
    return ids.length;
  });
}
