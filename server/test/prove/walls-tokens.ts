// An admin token is never more than its maker: what tokens of persons and of machines may still do a second after something happened to the
// person, on every replica; and by which routes somebody can raise a cap of their own.
import { setTimeout as sleep } from 'node:timers/promises';
import { waysToRaise } from '../admin/own-cap-ways.ts';
import { startFleet } from './fleet.ts';
import { type Gateway, startGateway } from './gateway.ts';
import { allOf, type ProveOptions, type ProveResult } from './prove.ts';
import { type Person, type Say, sayWith, signedUp } from './signed-up.ts';
import { makeTenant } from './tenant.ts';

const AFTER_MS = 1_000;

/** Quick on one gateway; else on three replicas, each asked. */
export async function run({ quick }: ProveOptions): Promise<ProveResult> {
  if (quick) {
    const gateway = await startGateway();
    try {
      return await allOn([gateway]);
    } finally {
      await gateway.stop();
    }
  }
  const fleet = await startFleet();
  if (fleet === null) return { holds: false, figure: '', skipped: 'PostgreSQL or Redis is missing' };
  try {
    return await allOn(fleet.replicas);
  } finally {
    await fleet.stop();
  }
}

async function allOn(gateways: readonly Gateway[]): Promise<ProveResult> {
  return allOf([await afterEvents(gateways), await ownCaps(gateways), await madeAnew(gateways[0] as Gateway)]);
}

/** What may happen to the person that a token belongs to, or who answers for it. */
interface Happening {
  readonly name: string;
  /** The person's role before. */
  readonly role: 'org_admin' | 'org_owner';
  /** The token goes on, with no more than the person has now. */
  readonly goesOn?: true;
  readonly happen: (root: Gateway, cell: Cell) => Promise<unknown>;
}

const memberAt = ({ organizationId, person }: Cell) => `/organizations/${organizationId}/members/${person.memberId}`;

const HAPPENINGS: readonly Happening[] = [
  { name: 'removed', role: 'org_admin', happen: (root, cell) => root.admin('DELETE', memberAt(cell)) },
  { name: 'demoted', role: 'org_admin', happen: (root, cell) => root.admin('PATCH', memberAt(cell), { role: 'org_member' }) },
  { name: 'disabled', role: 'org_admin', happen: (root, cell) => root.admin('PATCH', memberAt(cell), { status: 'disabled' }) },
  {
    name: 'account disabled',
    role: 'org_admin',
    happen: (root, { person }) => root.admin('PATCH', `/accounts/${person.accountId}`, { status: 'disabled' }),
  },
  {
    name: 'role changed to one that still covers the token’s',
    role: 'org_owner',
    goesOn: true,
    happen: (root, cell) => root.admin('PATCH', memberAt(cell), { role: 'org_admin' }),
  },
  {
    name: 'organization suspended',
    role: 'org_admin',
    happen: (root, { organizationId }) => root.admin('POST', `/organizations/${organizationId}/suspend`),
  },
];

interface Cell {
  readonly happening: Happening;
  readonly owner: 'person' | 'machine';
  readonly organizationId: string;
  readonly person: Person;
  readonly token: string;
}

async function afterEvents(gateways: readonly Gateway[]): Promise<ProveResult> {
  const root = gateways[0] as Gateway;
  const cells: Cell[] = [];
  for (const happening of HAPPENINGS)
    for (const owner of ['person', 'machine'] as const) cells.push(await cellOf(root, happening, owner));
  const before = await passed(gateways, cells, 'may');
  for (const cell of cells) await cell.happening.happen(root, cell);
  await sleep(AFTER_MS);
  const wrong: string[] = [];
  let calls = 0;
  for (const cell of cells) {
    const { goesOn = false, name } = cell.happening;
    const through = goesOn ? await passed(gateways, [cell], 'may not') : await passed(gateways, [cell], 'may');
    calls += through.asked;
    if (through.passed > 0) wrong.push(`${name}, a ${cell.owner}’s token: ${through.passed} of ${through.asked} calls passed`);
    if (goesOn && (await passed(gateways, [cell], 'may')).passed === 0)
      wrong.push(`${name}, a ${cell.owner}’s token: it stopped`);
  }
  if (before.passed !== before.asked) wrong.push(`before: ${before.passed} of ${before.asked} calls passed`);
  const table = `{person, machine} × {${HAPPENINGS.map(({ name }) => name).join(', ')}}`;
  return {
    holds: wrong.length === 0,
    figure: `${table} on ${gateways.length} replicas: ${calls} calls after ${AFTER_MS / 1_000} s, ${wrong.length === 0 ? 0 : 'some'} beyond what the person holds`,
    details: wrong,
  };
}

/** A token of an organization admin, that belongs to the person or to a service account for which they answer. */
async function cellOf(root: Gateway, happening: Happening, owner: Cell['owner']): Promise<Cell> {
  const { organizationId } = await makeTenant(root);
  const other = await signedUp(root, organizationId, 'org_owner');
  const person = await signedUp(root, organizationId, happening.role);
  const body = { name: 'token', role: 'org_admin', organization_id: organizationId };
  if (owner === 'person') {
    const { token } = await made<{ token: string }>(person.say, 'POST', '/admin-tokens', body);
    return { happening, owner, organizationId, person, token };
  }
  const path = `/organizations/${organizationId}/service-accounts`;
  const { id } = await made<{ id: string }>(other.say, 'POST', path, {
    name: 'machine',
    responsible_account_id: person.accountId,
  });
  const { token } = await made<{ token: string }>(other.say, 'POST', '/admin-tokens', { ...body, service_account_id: id });
  return { happening, owner, organizationId, person, token };
}

/** Calls that an organization admin may make, or may not: how many there were, and how many were let through. */
async function passed(gateways: readonly Gateway[], cells: readonly Cell[], which: 'may' | 'may not') {
  const tally = { asked: 0, passed: 0 };
  for (const { organizationId, person, token } of cells) {
    const at = `/organizations/${organizationId}`;
    const again = { account_id: person.accountId, role: 'org_owner' };
    const calls: readonly (readonly [string, string, object?])[] =
      which === 'may'
        ? [
            ['GET', `${at}/members`],
            ['PATCH', at, { name: `Renamed ${tally.asked}` }],
            ['POST', '/admin-tokens', { name: 'next', role: 'org_member', organization_id: organizationId }],
          ]
        : [
            ['POST', `${at}/members`, again],
            ['PATCH', `${at}/members/${person.memberId}`, { role: 'org_owner' }],
            ['POST', '/admin-tokens', { name: 'next', role: 'org_owner', organization_id: organizationId }],
            ['PATCH', at, { rate_limits: { rpm: null } }],
          ];
    for (const gateway of gateways) {
      const say = sayWith(gateway.base, { authorization: `Bearer ${token}` });
      for (const [method, path, body] of calls) {
        tally.asked += 1;
        if ((await say(method, path, body)).status < 300) tally.passed += 1;
      }
    }
  }
  return tally;
}

/** An owner with a cap, and everything of theirs that could act: none raises it by any route. */
async function ownCaps(gateways: readonly Gateway[]): Promise<ProveResult> {
  const root = gateways[0] as Gateway;
  const { organizationId, teamId } = await makeTenant(root);
  const next = await root.admin<{ id: string }>('POST', `/organizations/${organizationId}/teams`, { name: 'Next' });
  const [person, friend] = [await signedUp(root, organizationId, 'org_owner'), await signedUp(root, organizationId, 'org_owner')];
  for (const id of [teamId, next.id]) {
    for (const one of [person, friend])
      await root.admin('POST', `/teams/${id}/members`, { account_id: one.accountId, role: 'team_developer' });
  }
  await root.admin('POST', '/deployments', { model: 'capped', provider: 'fake', upstream_model: 'fake-small', mode: 'chat' });
  await root.admin('POST', '/access-groups', { key: 'granted', name: 'Granted' });
  const cap = { rate_limits: { rpm: 1 }, asset_access: { mode: 'restrict', targets: [], access_groups: ['granted'] } };
  await root.admin('PATCH', `/organizations/${organizationId}/members/${person.memberId}`, cap);
  const owned = { team_id: teamId, name: 'own', owner: { account_id: person.accountId } };
  const key = await root.admin<{ id: string }>('POST', '/keys', { ...owned, ...cap });
  const place = { organizationId, teamId, nextTeamId: next.id, friend, keyId: key.id, accessGroup: 'granted', model: 'capped' };
  const ways = waysToRaise({ ...place, accountId: person.accountId, memberId: person.memberId });
  const actors = await actorsOf(root, organizationId, person, friend);
  const raised: string[] = [];
  for (const [actor, say] of Object.entries(actors)) {
    for (const { name, method, path, body } of ways) {
      const { status } = await say(method, path, body);
      if (status !== 403) raised.push(`${name} as ${actor}: ${status}`);
    }
  }
  const count = ways.length * Object.keys(actors).length;
  const figure = `own caps: ${ways.length} routes × {${Object.keys(actors).join(', ')}}: ${count} tries, ${raised.length} raised`;
  return { holds: raised.length === 0, figure, details: raised };
}

async function actorsOf(root: Gateway, organizationId: string, person: Person, friend: Person): Promise<Record<string, Say>> {
  const body = { name: 'token', role: 'org_owner', organization_id: organizationId };
  const tokenOf = async (by: Say, more: object = {}) =>
    sayWith(root.base, {
      authorization: `Bearer ${(await made<{ token: string }>(by, 'POST', '/admin-tokens', { ...body, ...more })).token}`,
    });
  const machineOf = async (responsible: Person) => {
    const path = `/organizations/${organizationId}/service-accounts`;
    const account = { name: 'machine', responsible_account_id: responsible.accountId };
    return tokenOf(person.say, { service_account_id: (await made<{ id: string }>(person.say, 'POST', path, account)).id });
  };
  const own = await tokenOf(person.say);
  return {
    session: person.say,
    'own token': own,
    'a token made by it': await tokenOf(own),
    'a machine’s they answer for': await machineOf(person),
    'a machine’s they made': await machineOf(friend),
  };
}

/** A developer within a team's bound of 5 USD a month: what keys made and revoked over and over may spend together. */
async function madeAnew(root: Gateway): Promise<ProveResult> {
  const self_service = { enabled: true, max_budget: { amount: '5', period: 'month' } };
  const { organizationId, teamId } = await makeTenant(root, {}, { self_service });
  const person = await signedUp(root, organizationId, 'org_member');
  await root.admin('POST', `/teams/${teamId}/members`, { account_id: person.accountId, role: 'team_developer' });
  const make = (budget: object) =>
    person.say('POST', '/keys', { team_id: teamId, name: 'k', owner: { account_id: person.accountId }, budgets: [budget] });
  const rolling = await make({ amount: '5', period: 'rolling', hours: 1 });
  let given = 0;
  for (let i = 0; i < 5; i++) {
    const answer = await make({ amount: '5', period: 'month' });
    if (answer.status === 201) given += 1;
    if (answer.status === 201) await person.say('DELETE', `/keys/${(answer.body as { id: string }).id}`);
  }
  return {
    holds: rolling.status === 400 && given === 1,
    figure: `self-service of 5 USD a month: a trailing hour ${rolling.status}, budgets given by revoking and making anew 5 times: ${given}`,
  };
}

async function made<T>(say: Say, method: string, path: string, body: object): Promise<T> {
  const answer = await say(method, path, body);
  if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
  return answer.body as T;
}
