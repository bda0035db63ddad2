import type { Command } from '../command.ts';
import { LIMIT_FLAG, listRows } from '../list-pages.ts';
import { BadUsage } from '../outcome.ts';
import { type Column, printObject, printRows } from '../print.ts';
import { organizationPath } from './organizations.ts';

/** The roles that groups of an identity provider, or of the SCIM directory, give their people. */

const COLUMNS: readonly Column[] = [
  ['id', (row) => row.id],
  ['source', (row) => row.source],
  ['group', (row) => row.group_name ?? row.value],
  ['role', (row) => row.role ?? row.team_role],
  ['team', (row) => row.team_name ?? row.team_id],
  ['created', (row) => row.created_at],
];

const SOURCE = 'the id of an identity provider (idp_…), or scim';

const list: Command = {
  words: ['group-mappings', 'list'],
  summary: 'list the groups whose people get roles in an organization',
  operands: ['organization'],
  flags: [LIMIT_FLAG, { name: 'source', value: 'source', about: `only groups of this source: ${SOURCE}` }],
  run: async (given, session) => {
    const path = `${await organizationPath(given, session)}/group-mappings`;
    printRows(session, {}, await listRows(given, session, path, { source: given.flag('source') }), COLUMNS);
  },
};

const add: Command = {
  words: ['group-mappings', 'add'],
  summary: 'give the people of a group a role, which you must be able to give yourself',
  operands: ['organization'],
  flags: [
    { name: 'source', value: 'source', about: `${SOURCE} (required)` },
    { name: 'group', value: 'value', about: 'the value of the claim, or the id of the SCIM group; compared exactly (required)' },
    { name: 'role', value: 'role', about: 'a role in the organization, such as org_member; or in the team, with --team' },
    { name: 'team', value: 'id', about: 'the team in which the role is, such as team_developer' },
  ],
  run: async (given, session) => {
    const [role, team] = [given.required('role'), given.flag('team')];
    if (role.startsWith('team_') !== (team !== undefined))
      throw new BadUsage('A role in a team (team_…) needs --team, and a role in the organization (org_…) goes without it.');
    const place = team === undefined ? { role } : { team_id: team, team_role: role };
    const body = { source: given.required('source'), value: given.required('group'), ...place };
    const path = `${await organizationPath(given, session)}/group-mappings`;
    printObject(session, await session.api.send('POST', path, body), COLUMNS);
  },
};

const remove: Command = {
  words: ['group-mappings', 'remove'],
  summary: 'delete a group mapping; people lose its role at their next sign-in, or within a minute if it is a SCIM group',
  operands: ['organization', 'mapping'],
  run: async (given, session) => {
    const mapping = given.operand('mapping');
    const path = `${await organizationPath(given, session)}/group-mappings/${encodeURIComponent(mapping)}`;
    await session.api.send('DELETE', path);
    session.note(`${mapping} was removed.`);
  },
};

export const groupMappingCommands: readonly Command[] = [list, add, remove];
