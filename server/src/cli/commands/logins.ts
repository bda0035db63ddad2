import type { Command } from '../command.ts';
import { LIMIT_FLAG, listRows } from '../list-pages.ts';
import { type Column, printRows } from '../print.ts';
import { organizationId } from './organizations.ts';

/** The logins of people on their devices, as those see them who manage a team's keys. */

const COLUMNS: readonly Column[] = [
  ['id', (row) => row.id],
  ['person', (row) => row.person_email],
  ['organization', (row) => row.organization_name],
  ['team', (row) => row.team_name],
  ['device', (row) => row.device_name],
  ['program', (row) => row.client],
  ['from', (row) => row.ip],
  ['status', (row) => row.status],
  ['last used', (row) => row.last_used_at],
  ['ends', (row) => row.ends_at],
];

const list: Command = {
  words: ['logins', 'list'],
  summary: 'list who is logged in on which device, newest first',
  flags: [
    LIMIT_FLAG,
    { name: 'organization', value: 'id or slug', about: 'only logins of this organization' },
    { name: 'team', value: 'id', about: 'only logins of this team' },
  ],
  notes: ['The people who hold a long-lived key instead: keys list --kind api --owned-by person --status active'],
  run: async (given, session) => {
    const named = given.flag('organization');
    const organization = named === undefined ? undefined : await organizationId(session.api, named);
    const filter = { organization_id: organization, team_id: given.flag('team') };
    printRows(session, {}, await listRows(given, session, '/logins', filter), COLUMNS);
  },
};

const end: Command = {
  words: ['logins', 'end'],
  summary: 'end a login; its tokens stop working at once, and the device has to log in again',
  operands: ['login'],
  run: async (given, session) => {
    const login = given.operand('login');
    await session.api.send('DELETE', `/logins/${encodeURIComponent(login)}`);
    session.note(`The login ${login} was ended.`);
  },
};

export const loginListCommands: readonly Command[] = [list, end];
