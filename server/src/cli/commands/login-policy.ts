import type { Json } from '../api.ts';
import type { Command, Flag, Given } from '../command.ts';
import { clearable, clearableWhole, requireAny } from '../given-changes.ts';
import { BadUsage } from '../outcome.ts';
import { budgetText } from '../policy-flags.ts';
import { type Column, printObject } from '../print.ts';
import { organizationPath } from './organizations.ts';

/** The logins that an organization allows, and what the members of a team may make for themselves. */

const POLICY: readonly Column[] = [['allowed logins', (row) => row.logins]];

const showPolicy: Command = {
  words: ['login-policy', 'show'],
  summary: 'show which logins an organization allows',
  operands: ['organization'],
  run: async (given, session) =>
    printObject(session, await session.api.get(`${await organizationPath(given, session)}/login-policy`), POLICY),
};

const setPolicy: Command = {
  words: ['login-policy', 'set'],
  summary: 'set which logins an organization allows; those that were made stay until somebody ends them',
  operands: ['organization'],
  flags: [
    { name: 'logins', value: 'which', about: 'any; loopback for a browser on the same computer, so no codes; or off (required)' },
  ],
  notes: ['Which teams allow logins: self-service set. Who is logged in: logins list.'],
  run: async (given, session) => {
    const body = { logins: given.required('logins') };
    printObject(session, await session.api.send('PUT', `${await organizationPath(given, session)}/login-policy`, body), POLICY);
  },
};

const SELF_SERVICE: readonly Column[] = [
  ['team', (row) => row.name],
  ['id', (row) => row.id],
  ['developers can', (row) => allowanceOf(policyOf(row))],
  ['most keys or logins of each', (row) => policyOf(row).max_keys_per_member],
  ['days until each must end', (row) => policyOf(row).max_expiry_days],
  ['most that each may spend', (row) => spendOf(policyOf(row))],
];

const showSelfService: Command = {
  words: ['self-service', 'show'],
  summary: 'show whether the members of a team may log in and create keys, and within which limits',
  operands: ['team'],
  run: async (given, session) => printObject(session, await session.api.get(pathOf(given)), SELF_SERVICE),
};

const SELF_SERVICE_FLAGS: readonly Flag[] = [
  { name: 'developers-can', value: 'what', about: 'keys: log in and create keys; logins: log in only; nothing: neither' },
  { name: 'keys-max', value: 'n', about: 'the most keys and logins of each member; empty: any number' },
  { name: 'expiry-days-max', value: 'n', about: 'each key and login ends within so many days; empty: keys need not expire' },
  { name: 'budget', value: 'usd', about: 'the most that the keys and logins of a member may spend together; empty: no bound' },
  { name: 'budget-period', value: 'period', about: 'day, week, month, quarter, year or total (default: month)' },
];

const setSelfService: Command = {
  words: ['self-service', 'set'],
  summary: 'change whether the members of a team may log in and create keys; what is not named stays',
  operands: ['team'],
  flags: SELF_SERVICE_FLAGS,
  notes: [
    'It binds new keys and logins. Keys that members have keep working. Whoever manages the keys of the team is not bound.',
  ],
  run: async (given, session) => {
    requireAny(given, SELF_SERVICE_FLAGS, 'self-service set');
    printObject(session, await session.api.send('PATCH', pathOf(given), { self_service: selfServiceBody(given) }), SELF_SERVICE);
  },
};

export const loginPolicyCommands: readonly Command[] = [showPolicy, setPolicy, showSelfService, setSelfService];

const ALLOWANCES: ReadonlyMap<string, object> = new Map([
  ['keys', { enabled: true, logins_only: false }],
  ['logins', { enabled: false, logins_only: true }],
  ['nothing', { enabled: false, logins_only: false }],
]);

function selfServiceBody(given: Given): object {
  const can = given.flag('developers-can');
  const allowed = can === undefined ? {} : ALLOWANCES.get(can);
  if (allowed === undefined) throw new BadUsage('--developers-can must be keys, logins or nothing.');
  const amount = clearable(given, 'budget');
  if (!amount && given.has('budget-period')) throw new BadUsage('--budget-period needs --budget.');
  return {
    ...allowed,
    max_keys_per_member: clearableWhole(given, 'keys-max'),
    max_expiry_days: clearableWhole(given, 'expiry-days-max'),
    max_budget: amount && { amount, period: given.flag('budget-period') ?? 'month' },
  };
}

function policyOf(team: Json): Json {
  return team.self_service as Json;
}

function allowanceOf({ enabled, logins_only: only }: Json): string {
  if (only === true) return 'log in, but create no keys';
  return enabled === true ? 'log in and create keys' : 'neither log in nor create keys';
}

function spendOf({ max_budget: budget }: Json): string | null {
  return budget === null ? null : budgetText(budget as Json);
}

function pathOf(given: Given): string {
  return `/teams/${encodeURIComponent(given.operand('team'))}`;
}
