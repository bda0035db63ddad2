import type { Command, Given, Session } from '../command.ts';
import { LIMIT_FLAG, listRows } from '../list-pages.ts';
import { CommandFailed } from '../outcome.ts';
import { type Column, printJson, printNext, printObject, printRows } from '../print.ts';
import { organizationPath } from './organizations.ts';

/** The domains that an organization shows to be its own by a DNS record. */

const COLUMNS: readonly Column[] = [
  ['domain', (row) => row.domain],
  ['state', (row) => row.state],
  ['verified', (row) => row.verified_at],
  ['checked', (row) => row.checked_at],
  ['counts until', (row) => row.counts_until],
  ['last check', (row) => row.problem ?? (row.checked_at === null ? null : 'found the record')],
];

const RECORD: readonly Column[] = [
  ['domain', (row) => row.domain],
  ['state', (row) => row.state],
  ['record type', () => 'TXT'],
  ['record name', (row) => row.record_name],
  ['record value', (row) => row.record_value],
];

const list: Command = {
  words: ['domains', 'list'],
  summary: 'list the domains of an organization, verified or not',
  operands: ['organization'],
  flags: [LIMIT_FLAG],
  run: async (given, session) =>
    printRows(session, {}, await listRows(given, session, `${await organizationPath(given, session)}/domains`), COLUMNS),
};

const add: Command = {
  words: ['domains', 'add'],
  summary: 'add a domain, and print the TXT record that shows that it is yours',
  operands: ['organization', 'domain'],
  run: async (given, session) => {
    const body = { domain: given.operand('domain') };
    const added = await session.api.send('POST', `${await organizationPath(given, session)}/domains`, body);
    printObject(session, added, RECORD);
    printNext(session, `Create this record, then: headgate domains check ${given.operand('organization')} ${added.domain}`);
  },
};

const check: Command = {
  words: ['domains', 'check'],
  summary: 'look the record of a domain up now, and say what the DNS answered; exit code 1 if it was not the record',
  operands: ['organization', 'domain'],
  run: async (given, session) => {
    const checked = await session.api.send('POST', `${await pathOf(given, session)}/check`);
    if (session.isJson) printJson(session, checked);
    if (checked.problem !== null) throw new CommandFailed(`${checked.domain} is ${checked.state}. ${checked.problem}`);
    const answer: Column = ['DNS answered', (row) => `the record at ${row.record_name}`];
    if (!session.isJson) printObject(session, checked, [...COLUMNS.slice(0, 3), answer]);
  },
};

const remove: Command = {
  words: ['domains', 'remove'],
  summary: 'remove a domain; new people with an address of it no longer come in through an identity provider',
  operands: ['organization', 'domain'],
  run: async (given, session) => {
    await session.api.send('DELETE', await pathOf(given, session));
    session.note(`${given.operand('domain')} was removed.`);
  },
};

export const domainCommands: readonly Command[] = [list, add, check, remove];

async function pathOf(given: Given, session: Session): Promise<string> {
  return `${await organizationPath(given, session)}/domains/${encodeURIComponent(given.operand('domain'))}`;
}
