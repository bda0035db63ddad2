import { OWN_DEPLOYMENTS } from '../../domain/routing/own.ts';
import type { Command } from '../command.ts';
import { LIST_FLAGS, listRows } from '../list-pages.ts';
import { BadUsage } from '../outcome.ts';
import { type Column, printObject, printRows } from '../print.ts';
import { organizationId } from './organizations.ts';

/** The credentials and deployments that an organization brings. Secrets are entered in the console or the API, not in a shell. */

const USE: readonly Column[] = [
  ['order', (row) => row.own_deployments],
  ['credentials', (row) => `${row.credential_count} of ${row.credential_count_max}`],
  ['deployments', (row) => `${row.deployment_count} of ${row.deployment_count_max}`],
];

const CREDENTIALS: readonly Column[] = [
  ['id', (row) => row.id],
  ['name', (row) => row.name],
  ['provider', (row) => row.provider],
  ['kind', (row) => row.kind],
  ['ends with', (row) => row.last_four],
  ['secret needed for', (row) => row.new_base_url],
];

const DEPLOYMENTS: readonly Column[] = [
  ['id', (row) => row.id],
  ['model', (row) => row.model],
  ['provider', (row) => row.provider],
  ['upstream model', (row) => row.upstream_model],
  ['enabled', (row) => (row.enabled === true ? 'yes' : 'no')],
];

const read: Command = {
  words: ['own-providers', 'read'],
  summary: 'show how an organization uses its own deployments',
  operands: ['organization'],
  run: async (given, session) => {
    const id = await organizationId(session.api, given.operand('organization'));
    printObject(session, await session.api.get(`/organizations/${id}/own-providers`), USE);
  },
};

const use: Command = {
  words: ['own-providers', 'use'],
  summary: 'set the order of own deployments and the platform’s',
  operands: ['organization'],
  flags: [{ name: 'order', value: 'order', about: 'own_first, or own_only to never call the platform’s' }],
  run: async (given, session) => {
    const order = given.flag('order');
    if (!OWN_DEPLOYMENTS.some((one) => one === order)) throw new BadUsage('--order must be own_first or own_only.');
    const id = await organizationId(session.api, given.operand('organization'));
    const changed = await session.api.send('PATCH', `/organizations/${id}/own-providers`, { own_deployments: order });
    printObject(session, changed, USE);
  },
};

const list = (what: 'credentials' | 'deployments', columns: readonly Column[]): Command => ({
  words: ['own-providers', what],
  summary: `list the own ${what} of an organization`,
  operands: ['organization'],
  flags: LIST_FLAGS,
  run: async (given, session) => {
    const id = await organizationId(session.api, given.operand('organization'));
    printRows(session, {}, await listRows(given, session, `/organizations/${id}/own-${what}`, {}), columns);
  },
});

export const ownProviderCommands: readonly Command[] = [
  read,
  use,
  list('credentials', CREDENTIALS),
  list('deployments', DEPLOYMENTS),
];
