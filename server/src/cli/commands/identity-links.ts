import { search } from '../api.ts';
import type { Command } from '../command.ts';
import { LIMIT_FLAG, listRows } from '../list-pages.ts';
import { type Column, printRows } from '../print.ts';
import { organizationPath } from './organizations.ts';

/** People at identity providers who are accounts here. */

const COLUMNS: readonly Column[] = [
  ['provider', (row) => row.provider_id],
  ['subject', (row) => row.subject],
  ['account', (row) => row.account_id],
  ['name', (row) => row.account_name],
  ['e-mail', (row) => row.account_email],
  ['last used', (row) => row.last_used_at],
];

const list: Command = {
  words: ['identity-links', 'list'],
  summary: 'list the people who sign in through identity providers of an organization',
  operands: ['organization'],
  flags: [
    LIMIT_FLAG,
    { name: 'provider', value: 'id', about: 'only people of this identity provider' },
    { name: 'account', value: 'id', about: 'only links of this account' },
  ],
  run: async (given, session) => {
    const path = `${await organizationPath(given, session)}/identity-links`;
    const filter = { provider_id: given.flag('provider'), account_id: given.flag('account') };
    printRows(session, {}, await listRows(given, session, path, filter), COLUMNS);
  },
};

const remove: Command = {
  words: ['identity-links', 'remove'],
  summary: 'remove a link; the person no longer comes in by it',
  operands: ['organization'],
  flags: [
    { name: 'provider', value: 'id', about: 'the identity provider (required)' },
    { name: 'subject', value: 'subject', about: 'the name of the person there, as the list shows it (required)' },
  ],
  run: async (given, session) => {
    const of = { provider_id: given.required('provider'), subject: given.required('subject') };
    await session.api.send('DELETE', `${await organizationPath(given, session)}/identity-links${search(of)}`);
    session.note(`The link of ${JSON.stringify(of.subject)} was removed.`);
  },
};

export const identityLinkCommands: readonly Command[] = [list, remove];
