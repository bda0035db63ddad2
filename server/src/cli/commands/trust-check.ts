import type { Json } from '../api.ts';
import type { Command, Session } from '../command.ts';
import { secretIn } from '../given-files.ts';
import { CommandFailed } from '../outcome.ts';
import { type Column, printJson, printRows } from '../print.ts';
import { organizationPath } from './organizations.ts';

/** The dry run of a token: which trust rule would take it, and why the others would not. */

const COLUMNS: readonly Column[] = [
  ['of', (row) => row.of],
  ['check', (row) => row.name],
  ['ok', (row) => (row.ok === true ? 'yes' : 'no')],
  ['found', (row) => row.words],
];

const check: Command = {
  words: ['trust', 'check'],
  summary: 'check a token against the trust rules, with each reason; exit code 1 if none takes it',
  operands: ['organization'],
  flags: [{ name: 'file', value: 'file', about: 'holds the token; - is standard input (required)' }],
  notes: ['The token is checked, and neither used nor stored. It is no flag, and is never printed; --json shows its claims.'],
  run: async (given, session) => {
    given.required('file');
    const body = { token: secretIn(given, 'file') };
    const answer = await session.api.send('POST', `${await organizationPath(given, session)}/trust-rules/check`, body);
    if (session.isJson) printJson(session, answer);
    else printChecks(session, answer);
    if (answer.accepted !== true) throw new CommandFailed(`The token is not accepted. ${answer.words}`);
    if (!session.isJson) session.note(`The token is accepted. ${answer.words}`);
  },
};

/** Prints the checks of the token, then those of each rule. */
function printChecks(session: Session, answer: Json): void {
  const ofRules = (answer.rules as readonly Json[]).flatMap((rule) =>
    (rule.checks as readonly Json[]).map((one): Json => ({ ...one, of: ruleText(rule) })),
  );
  const ofToken = (answer.checks as readonly Json[]).map((one): Json => ({ ...one, of: 'token' }));
  printRows(session, answer, [...ofToken, ...ofRules], COLUMNS);
}

function ruleText({ rule_id: id, name, status }: Json): string {
  return `rule ${name} (${id}${status === 'active' ? '' : `, ${status}`})`;
}

export const trustCheckCommands: readonly Command[] = [check];
