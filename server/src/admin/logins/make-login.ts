import type { Budget } from '../../domain/limits/budget.ts';
import { LOGIN_MS, type LoginWay } from '../../domain/logins/words.ts';
import { formatUsd, parseBudgetUsd } from '../../domain/money/money.ts';
import { calendarPeriod } from '../../domain/money/own-key-budget.ts';
import { can } from '../../domain/tenancy/permission.ts';
import { newId } from '../../lib/id.ts';
import { accessChoiceToColumns } from '../../store/configuration/policy-columns.ts';
import * as loginPolicies from '../../store/logins/login-policies.ts';
import * as requests from '../../store/logins/login-requests.ts';
import * as logins from '../../store/logins/logins.ts';
import * as budgets from '../../store/tenancy/budgets.ts';
import * as keys from '../../store/tenancy/keys.ts';
import type { TeamRow } from '../../store/tenancy/teams.ts';
import * as teams from '../../store/tenancy/teams.ts';
import { INHERITED } from '../access/access-fields.ts';
import type { AdminCall } from '../http/call.ts';
import type { Change } from '../http/change.ts';
import { forbidden, invalid, notFound, Problem } from '../http/problem.ts';
import { NO_POLICY, policyColumns } from '../organizations/policy.ts';
import { memberIn } from '../people/reassign.ts';
import { allowsLogins, ownKeysCap } from '../teams/self-service.ts';
import { type EndedUse, NO_LOGINS, requireSelfService, spokenForNanoUsd } from '../teams/self-service-keys.ts';

/** The device that asks for a login, and its person's choices. */
export interface AskedLogin {
  readonly deviceName: string;
  readonly client: string;
  readonly way: LoginWay;
  readonly ip: string | null;
  /** The most that it may spend, in USD, if the team bounds what members' keys spend. Absent: all that is left. */
  readonly budget?: string | undefined;
}

const HOUR_MS = 3_600_000;
/** The most logins that are made in an hour: by one person in an organization, and in all of it. */
const PER_PERSON = 20;
const PER_ORGANIZATION = 500;

/**
 * Makes a login of the caller in a team, under the team's self-service policy. A person who logs in again on a device of the same
 * name keeps the key, with its limits and its use; the tokens before stop working.
 */
export async function makeLogin(
  call: AdminCall<unknown, unknown, unknown>,
  change: Change,
  team: TeamRow,
  asked: AskedLogin,
  ended: EndedUse,
): Promise<logins.LoginId> {
  const { tx, now } = change;
  const accountId = call.actor.accountId ?? '';
  const locked = await teams.lock(tx, team);
  if (locked === null) throw notFound('team');
  if (locked.status !== 'active') throw forbidden('This team is suspended. Ask an admin to reactivate it.');
  await requireAllowed(change, locked.organizationId, asked.way);
  const owner = await memberIn(tx, { organizationId: locked.organizationId, teamId: locked.id }, accountId);
  if (owner?.ownerMembershipId == null) throw forbidden('You are not an active member of this team. Choose another team.');
  await requireFewLogins(change, { organizationId: locked.organizationId, accountId });
  const membershipId = owner.ownerMembershipId;
  const endsAt = endOf(call, locked, now);
  const wanted = { organizationId: locked.organizationId, teamId: locked.id, accountId, deviceName: asked.deviceName };
  const known = await logins.sameDevice(tx, wanted);
  const login =
    known === null
      ? await newLogin(call, change, locked, { ...asked, membershipId, endsAt, ended })
      : await again(change, locked, known, { ...asked, endsAt, isManager: isManager(call, locked) });
  await change.record({
    organizationId: login.organizationId,
    action: 'login.approve',
    objectType: 'login',
    objectId: login.keyId,
    objectName: asked.deviceName,
    before: null,
    after: {
      team_id: locked.id,
      device_name: asked.deviceName,
      client: asked.client,
      way: asked.way,
      asked_from: asked.ip,
      ends_at: endsAt.toISOString(),
    },
  });
  return login;
}

async function requireAllowed({ tx }: Change, organizationId: string, way: LoginWay): Promise<void> {
  const { logins: allowed } = await loginPolicies.find(tx, organizationId);
  if (allowed === 'off') throw forbidden('This organization has switched logins off. Ask an admin for a key.');
  if (allowed === 'loopback' && way === 'device')
    throw forbidden('This organization allows logins only in a browser on the same machine, without a code.');
}

async function requireFewLogins(
  { tx, now }: Change,
  { organizationId, accountId }: { readonly organizationId: string; readonly accountId: string },
): Promise<void> {
  const since = new Date(now.getTime() - HOUR_MS);
  const isTooMany =
    (await logins.countSince(tx, { organizationId, accountId }, since)) >= PER_PERSON ||
    (await logins.countSince(tx, { organizationId }, since)) >= PER_ORGANIZATION;
  if (isTooMany)
    throw new Problem(429, 'Too many logins were made in the last hour. Try again later.', { headers: { 'retry-after': '600' } });
}

const DAY_MS = 86_400_000;

/** Returns the end of a login: after 90 days, or sooner if the team's policy ends its members' own keys sooner. */
function endOf(call: AdminCall<unknown, unknown, unknown>, team: TeamRow, now: Date): Date {
  const days = isManager(call, team) ? undefined : team.selfService.maxExpiryDays;
  return new Date(now.getTime() + Math.min(LOGIN_MS.whole, (days ?? Number.POSITIVE_INFINITY) * DAY_MS));
}

function isManager({ actor }: AdminCall<unknown, unknown, unknown>, { organizationId, id: teamId }: TeamRow): boolean {
  return can(actor, 'keys.manage', { organizationId, teamId });
}

async function newLogin(
  call: AdminCall<unknown, unknown, unknown>,
  change: Change,
  team: TeamRow,
  asked: AskedLogin & { readonly membershipId: string; readonly endsAt: Date; readonly ended: EndedUse },
): Promise<logins.LoginId> {
  const { tx, now } = change;
  const { organizationId, id: teamId } = team;
  const { membershipId, endsAt, ended } = asked;
  const own = isManager(call, team) ? [] : await budgetsFor(change, team, asked);
  if (!isManager(call, team))
    await requireSelfService(tx, team, { kind: 'login', membershipId, expiresAt: endsAt, budgets: own }, now, ended);
  const row = await keys.insert(tx, {
    ...{ organizationId, teamId, id: newId('key', now.getTime()), name: asked.deviceName, kind: 'login' },
    ...{ ownerMembershipId: membershipId, ownerServiceAccountId: null, expiresAt: endsAt, prefix: '', lastFour: '' },
    ...policyColumns(NO_POLICY),
    ...accessChoiceToColumns(INHERITED),
    ...{ createdBy: call.actor.id, createdAt: now, updatedAt: now },
  });
  if (own.length > 0) await budgets.replace(tx, { organizationId, scope: 'key', scopeId: row.id }, own, now);
  const { deviceName, client, way, ip } = asked;
  await logins.insert(tx, {
    ...{
      organizationId,
      keyId: row.id,
      accountId: call.actor.accountId ?? '',
      deviceName,
      client,
      way,
      ip,
      createdAt: now,
      endsAt,
    },
  });
  return { organizationId, keyId: row.id };
}

/** Begins a login again on a device that its person is logged in on. */
async function again(
  { tx, now, touch }: Change,
  team: TeamRow,
  login: logins.LoginId,
  asked: AskedLogin & { readonly endsAt: Date; readonly isManager: boolean },
): Promise<logins.LoginId> {
  if (!asked.isManager && !allowsLogins(team.selfService)) throw forbidden(NO_LOGINS);
  const { organizationId, keyId } = login;
  await requests.takeBack(tx, login);
  await logins.dropRefreshTokens(tx, login);
  await keys.endSecrets(tx, { organizationId, id: keyId }, now);
  await keys.update(tx, { organizationId, id: keyId }, { expiresAt: asked.endsAt }, now);
  const { client, way, ip, endsAt } = asked;
  await logins.renew(tx, login, { client, way, ip, endsAt, createdAt: now, refreshedAt: null });
  touch({ organizationIds: [organizationId], keyIds: [keyId] });
  return login;
}

/** Returns the budget that the team's policy asks for: what the person chose, or all that is left. */
async function budgetsFor(
  { tx, now }: Change,
  team: TeamRow,
  { membershipId, budget: chosen, ended }: AskedLogin & { readonly membershipId: string; readonly ended: EndedUse },
): Promise<readonly Budget[]> {
  const cap = ownKeysCap(team.selfService);
  if (cap === null) return [];
  const left =
    cap.amountNanoUsd -
    (await spokenForNanoUsd(tx, { organizationId: team.organizationId, teamId: team.id, membershipId }, cap, now, ended));
  const amount = chosen === undefined ? Math.max(0, left) : amountOf(chosen);
  if (amount > left || (left <= 0 && cap.amountNanoUsd > 0))
    throw invalid(
      '/budget',
      `must be at most ${formatUsd(Math.max(0, left))} USD: that is left of what your own keys and logins in this team may spend. End a login or lower a budget.`,
    );
  return [
    {
      id: newId('bud', now.getTime()),
      amountNanoUsd: amount,
      period: calendarPeriod(cap.period),
      match: { is: 'any' },
      thresholdsPercent: [75, 95],
      action: 'block',
      clampOutput: false,
    },
  ];
}

function amountOf(text: string): number {
  const amount = parseBudgetUsd(text);
  if (amount.is === 'invalid') throw invalid('/budget', amount.problem);
  return amount.value;
}
