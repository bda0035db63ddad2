import type { Json } from '../api.ts';
import type { Command } from '../command.ts';
import { LIMIT_FLAG, LIST_FLAGS, listRows } from '../list-pages.ts';
import { type Column, printNext, printObject, printRows } from '../print.ts';
import { organizationPath } from './organizations.ts';

/** The SCIM directory of an organization: its tokens, and what its identity provider told. */

const DIRECTORY: readonly Column[] = [
  ['address', (row) => row.address],
  ['active tokens', (row) => row.active_tokens],
  ['last request', (row) => row.last_request_at],
  ['people', (row) => row.people],
  ['groups', (row) => row.groups],
  ['waiting for roles', (row) => row.waiting],
  ['refused changes', (row) => row.refusals],
  ['verified domains', (row) => row.verified_domains],
];

const show: Command = {
  words: ['scim', 'show'],
  summary: 'show the address of the SCIM endpoint, and how much the directory of an organization has',
  operands: ['organization'],
  run: async (given, session) =>
    printObject(session, await session.api.get(`${await organizationPath(given, session)}/directory`), DIRECTORY),
};

const TOKENS: readonly Column[] = [
  ['id', (row) => row.id],
  ['name', (row) => row.name],
  ['ends with', (row) => row.last_four],
  ['state', (row) => row.state],
  ['expires', (row) => row.expires_at],
  ['last used', (row) => row.last_used_at],
  ['created by', (row) => row.created_by_name],
];

const listTokens: Command = {
  words: ['scim', 'tokens', 'list'],
  summary: 'list the SCIM tokens of an organization, without their secrets',
  operands: ['organization'],
  flags: [LIMIT_FLAG],
  run: async (given, session) => {
    const rows = await listRows(given, session, `${await organizationPath(given, session)}/scim-tokens`);
    printRows(session, {}, rows, TOKENS);
  },
};

const createToken: Command = {
  words: ['scim', 'tokens', 'create'],
  summary: 'create a SCIM token; it is shown once',
  operands: ['organization'],
  flags: [
    { name: 'name', value: 'name', about: 'the name of the token (required)' },
    { name: 'expires-at', value: 'instant', about: 'when it expires, such as 2030-01-31T00:00:00Z (default: never)' },
  ],
  notes: ['Two can be active at a time, so that the identity provider can change from one to the other without a gap.'],
  run: async (given, session) => {
    const body = { name: given.required('name'), expires_at: given.flag('expires-at') };
    const made = await session.api.send('POST', `${await organizationPath(given, session)}/scim-tokens`, body);
    printObject(session, made, [...TOKENS, ['token', (row) => row.token]]);
    printNext(session, 'The token is not shown again. Enter it at the identity provider.');
  },
};

const revokeToken: Command = {
  words: ['scim', 'tokens', 'revoke'],
  summary: 'revoke a SCIM token at once; people and groups stay as they are',
  operands: ['organization', 'token'],
  run: async (given, session) => {
    const token = given.operand('token');
    const path = `${await organizationPath(given, session)}/scim-tokens/${encodeURIComponent(token)}`;
    await session.api.send('DELETE', path);
    session.note(`${token} was revoked.`);
  },
};

const listPeople: Command = {
  words: ['scim', 'people', 'list'],
  summary: 'list the people that the identity provider told of',
  operands: ['organization'],
  flags: [
    ...LIST_FLAGS,
    { name: 'state', value: 'state', about: 'only people in this state: active, inactive or disabled_here' },
  ],
  run: async (given, session) => {
    const path = `${await organizationPath(given, session)}/directory/people`;
    printRows(session, {}, await listRows(given, session, path, { state: given.flag('state') }), [
      ['id', (row) => row.id],
      ['name', (row) => row.name],
      ['user name', (row) => row.user_name],
      ['e-mail', (row) => row.email],
      ['state', (row) => row.state],
      ['account', (row) => row.account_id],
      ['external id', (row) => row.external_id],
    ]);
  },
};

const listGroups: Command = {
  words: ['scim', 'groups', 'list'],
  summary: 'list the groups that the identity provider told of, and the roles that they give',
  operands: ['organization'],
  flags: LIST_FLAGS,
  run: async (given, session) => {
    const rows = await listRows(given, session, `${await organizationPath(given, session)}/directory/groups`);
    printRows(session, {}, rows, [
      ['id', (row) => row.id],
      ['name', (row) => row.name],
      ['members', (row) => row.members],
      ['gives', (row) => (row.gives as readonly Json[]).map(givenText)],
      ['external id', (row) => row.external_id],
    ]);
  },
};

function givenText({ role, team_name: team, team_role: teamRole, is_held: isHeld }: Json): string {
  return `${role ?? `${teamRole} in ${team}`}${isHeld === true ? ' (on hold)' : ''}`;
}

const listRefused: Command = {
  words: ['scim', 'refused', 'list'],
  summary: 'list what the SCIM endpoint refused lately, and why, newest first',
  operands: ['organization'],
  flags: [LIMIT_FLAG],
  run: async (given, session) => {
    const rows = await listRows(given, session, `${await organizationPath(given, session)}/directory/refusals`);
    printRows(session, {}, rows, [
      ['last', (row) => row.last_at],
      ['times', (row) => row.times],
      ['request', (row) => `${row.method} ${row.resource}`],
      ['of', (row) => row.subject],
      ['status', (row) => row.status],
      ['why', (row) => row.detail],
    ]);
  },
};

export const scimCommands: readonly Command[] = [show, listTokens, createToken, revokeToken, listPeople, listGroups, listRefused];
