import type { Api, Json } from '../api.ts';
import type { Command, Given } from '../command.ts';
import { LIST_FLAGS, listRows } from '../list-pages.ts';
import { BadUsage } from '../outcome.ts';
import { type Column, printObject, printRows } from '../print.ts';
import { organizationId } from './organizations.ts';

const COLUMNS: readonly Column[] = [
  ['id', (row) => row.id],
  ['name', (row) => row.name],
  ['e-mail', (row) => row.email],
  ['role', (row) => row.role],
  ['status', (row) => row.status],
];

const FIELDS: readonly Column[] = [...COLUMNS, ['account', (row) => row.account_id], ['created', (row) => row.created_at]];

const INVITATION: readonly Column[] = [
  ['id', (row) => row.id],
  ['e-mail', (row) => row.email],
  ['role', (row) => row.role],
  ['expires', (row) => row.expires_at],
  ['mailed', (row) => (row.mailed === true ? 'yes' : 'no')],
  ['link', (row) => row.link],
];

const list: Command = {
  words: ['members', 'list'],
  summary: 'list the members of an organization',
  operands: ['organization'],
  flags: [...LIST_FLAGS, { name: 'role', value: 'role', about: 'only members with this role, such as org_owner' }],
  run: async (given, session) => {
    const id = await organizationId(session.api, given.operand('organization'));
    const rows = await listRows(given, session, `/organizations/${id}/members`, { role: given.flag('role') });
    printRows(session, {}, rows, COLUMNS);
  },
};

const add: Command = {
  words: ['members', 'add'],
  summary: 'add an account to an organization, or invite an address that has none',
  operands: ['organization', 'person'],
  flags: [
    { name: 'role', value: 'role', about: 'org_owner, org_admin, org_billing, org_auditor or org_member (default: org_member)' },
    { name: 'teams', value: 'id:role,…', about: 'teams to join at once, such as team_…:team_developer' },
  ],
  notes: [
    'The person is the id of an account (acct_…) or an e-mail address. An account that you may add joins at once.',
    'Any other address gets an invitation, whose link is printed once.',
  ],
  run: async (given, session) => {
    const { api } = session;
    const id = await organizationId(api, given.operand('organization'));
    const role = given.flag('role') ?? 'org_member';
    const person = given.operand('person').trim();
    const teams = teamsOf(given);
    const accountId = person.startsWith('acct_') ? person : await accountWith(api, id, person);
    if (accountId !== null) {
      const body = { account_id: accountId, role, ...teams };
      return printObject(session, await api.send('POST', `/organizations/${id}/members`, body), FIELDS);
    }
    const body = { email: person, organization_id: id, role, ...teams };
    return printObject(session, await api.send('POST', '/invitations', body), INVITATION);
  },
};

export const memberCommands: readonly Command[] = [list, add];

/** Returns the account with this address among those that the caller may choose, or null. */
async function accountWith(api: Api, organization: string, address: string): Promise<string | null> {
  if (!address.includes('@')) throw new BadUsage('The person must be the id of an account (acct_…) or an e-mail address.');
  const { data } = await api.get(`/organizations/${organization}/member-candidates`, { search: address, limit: 200 });
  const found = (data as readonly Json[]).find(({ email }) => String(email).toLowerCase() === address.toLowerCase());
  return found === undefined ? null : String(found.account_id);
}

function teamsOf(given: Given): { teams?: readonly object[] } {
  const teams = given.list('teams')?.map((text) => {
    const [team_id, role, ...more] = text.split(':');
    if (!team_id || !role || more.length > 0)
      throw new BadUsage('--teams wants the id of a team and a role, such as team_…:team_developer.');
    return { team_id, role };
  });
  return teams === undefined ? {} : { teams };
}
