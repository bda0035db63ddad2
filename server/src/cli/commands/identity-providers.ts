import { type Json, search } from '../api.ts';
import type { Command, Given, Session } from '../command.ts';
import { CommandFailed } from '../outcome.ts';
import { type Column, printJson, printNext, printObject, printRows } from '../print.ts';
import { organizationPath } from './organizations.ts';
import { PROVIDER_FLAGS, PROVIDER_NOTES, providerBody } from './provider-body.ts';

/** The identity providers of an organization: people sign in through them once a test has passed. */

const COLUMNS: readonly Column[] = [
  ['id', (row) => row.id],
  ['name', (row) => row.name],
  ['protocol', (row) => row.protocol],
  ['state', (row) => row.state],
  ['tested', (row) => row.tested_at],
  ['last sign-in', (row) => row.last_sign_in_at],
];

const config = (name: string) => (row: Json) => (row.config as Json)[name];
const yesNo = (name: string) => (row: Json) => (row[name] === true ? 'yes' : 'no');

const OIDC: readonly Column[] = [
  ['issuer', config('issuer')],
  ['client id', config('client_id')],
  ['client secret', yesNo('has_client_secret')],
  ['scopes', config('scopes')],
  ['prompt', config('prompt')],
  ['client authentication', config('client_authentication')],
  ['redirect URI', (row) => row.redirect_url],
];

const SAML: readonly Column[] = [
  ['entity id of the provider', config('entity_id')],
  ['sign-in URL', config('sso_url')],
  ['metadata', config('metadata_url')],
  ['name id', config('name_id')],
  ['our ACS URL', (row) => row.redirect_url],
  ['our entity id', (row) => row.entity_id],
];

const SETTINGS: readonly Column[] = [
  ['sign-in starts at', (row) => row.start_url],
  ['creates accounts', yesNo('creates_accounts')],
  ['default role', (row) => row.default_role],
  ['groups claim', (row) => row.groups_claim],
  ['second factor', (row) => row.second_factor_values],
  ['waits for a test', (row) => (row.next_config === null ? null : newParts(row))],
];

const list: Command = {
  words: ['identity-providers', 'list'],
  summary: 'list the identity providers of an organization, in the order in which people choose',
  operands: ['organization'],
  run: async (given, session) => {
    // There are at most twenty, so the API has no pages of them.
    const answer = await session.api.get(await providersPath(given, session));
    printRows(session, answer, answer.data as readonly Json[], COLUMNS);
  },
};

const show: Command = {
  words: ['identity-providers', 'show'],
  summary: 'show an identity provider, and the addresses to enter there; never its secret',
  operands: ['organization', 'provider'],
  run: async (given, session) => printProvider(session, await session.api.get(await providerPath(given, session))),
};

const create: Command = {
  words: ['identity-providers', 'create'],
  summary: 'add an identity provider by OpenID Connect or SAML, as a draft',
  operands: ['organization'],
  flags: PROVIDER_FLAGS,
  notes: PROVIDER_NOTES,
  run: async (given, session) => {
    const body = providerBody(given);
    const made = await session.api.send('POST', await providersPath(given, session), body);
    printProvider(session, made);
    const entered = `Enter ${made.protocol === 'saml' ? 'our ACS URL and our entity id' : 'the redirect URI'} at the provider`;
    printNext(
      session,
      lacksClientId(made)
        ? `${entered}. It gives a client id; enter that here: ${clientIdCommand(given, made)}`
        : `${entered}, then: ${commandOf('test', given, String(made.id))}`,
    );
  },
};

const test: Command = {
  words: ['identity-providers', 'test'],
  summary: 'start a test of an identity provider, or show the result of one; exit code 1 unless it passed',
  operands: ['organization', 'provider'],
  flags: [{ name: 'result', value: 'id', about: 'show the checks of the test with this id, for ten minutes after its start' }],
  notes: [
    'Without --result it prints an address. Open it in any browser and sign in at the provider. It makes no session.',
    'Whoever has the address can take this test, and nothing else.',
  ],
  run: async (given, session) => {
    const id = given.flag('result');
    if (id !== undefined) return printResult(given, session, await resultOf(given, session, id));
    const started = await session.api.send('POST', `${await providerPath(given, session)}/test`, {});
    printObject(session, started, [
      ['test', (row) => row.id],
      ['open', (row) => row.open_url],
      ['until', (row) => row.expires_at],
    ]);
    const next = `${commandOf('test', given)} --result=${started.id}`;
    printNext(session, `Open the address in a browser, sign in at the provider, then: ${next}`);
  },
};

const activate: Command = {
  words: ['identity-providers', 'activate'],
  summary: 'let people sign in through an identity provider whose test has passed',
  operands: ['organization', 'provider'],
  run: async (given, session) =>
    printProvider(session, await session.api.send('POST', `${await providerPath(given, session)}/activate`)),
};

const DRY_RUN = { name: 'dry-run', value: null, about: 'change nothing, and say how many browsers must sign in again' } as const;

const switchOff: Command = {
  words: ['identity-providers', 'switch-off'],
  summary: 'let nobody sign in through an identity provider any more; links stay',
  operands: ['organization', 'provider'],
  flags: [DRY_RUN],
  run: async (given, session) => {
    const answer = await session.api.send('POST', `${await providerPath(given, session)}/switch-off${dryRun(given)}`);
    if (given.has('dry-run')) printEffect(session, answer);
    else printProvider(session, answer);
  },
};

const remove: Command = {
  words: ['identity-providers', 'delete'],
  summary: 'delete an identity provider; its links and group mappings end',
  operands: ['organization', 'provider'],
  flags: [DRY_RUN],
  run: async (given, session) => {
    const answer = await session.api.send('DELETE', `${await providerPath(given, session)}${dryRun(given)}`);
    if (given.has('dry-run')) printEffect(session, answer);
    else session.note(`${given.operand('provider')} was deleted.`);
  },
};

export const identityProviderCommands: readonly Command[] = [list, show, create, test, activate, switchOff, remove];

async function resultOf(given: Given, session: Session, id: string): Promise<Json> {
  return session.api.get(`${await providerPath(given, session)}/test-result`, { id });
}

const CHECKS: readonly Column[] = [
  ['check', (row) => row.name],
  ['ok', (row) => (row.ok === true ? 'yes' : 'no')],
  ['found', (row) => row.words],
];

/** Prints the checks of a test. Throws CommandFailed unless it passed. */
function printResult(given: Given, session: Session, result: Json): void {
  if (session.isJson) printJson(session, result);
  else if (result.state !== 'waiting') printRows(session, result, result.checks as readonly Json[], CHECKS);
  if (result.state === 'waiting')
    throw new CommandFailed('Nobody has come back from the provider yet. Open the address of the test, and sign in there.');
  if (result.state !== 'passed') throw new CommandFailed(`The test did not pass. ${result.words ?? result.code}`);
  printNext(session, `The test passed. ${result.would_be ?? ''}\n--json shows the claims. Next: ${commandOf('activate', given)}`);
}

/** Prints an identity provider. */
export function printProvider(session: Session, provider: Json): void {
  printObject(session, provider, [...COLUMNS, ...(provider.protocol === 'saml' ? SAML : OIDC), ...SETTINGS]);
}

/** Says what must be tested, or entered before that. Nothing if people can sign in with all that is stored. */
export function printWhatIsLeft(given: Given, session: Session, provider: Json): void {
  const test = commandOf('test', given);
  if (provider.next_config !== null)
    printNext(
      session,
      `People sign in by the configuration of before until a test of the new one passes. New: ${newParts(provider).join(', ')}. Next: ${test}`,
    );
  else if (lacksClientId(provider)) printNext(session, `It has no client id yet. Enter it: ${clientIdCommand(given, provider)}`);
  else if (provider.state === 'draft') printNext(session, `It is a draft until a test passes. Next: ${test}`);
}

/** Returns the names of the fields that differ in the configuration that waits for a test. */
function newParts({ config, next_config: next }: Json): readonly string[] {
  const [present, waiting] = [config as Json, next as Json];
  const names = [...new Set([...Object.keys(present), ...Object.keys(waiting)])];
  const changed = names.filter((name) => JSON.stringify(present[name]) !== JSON.stringify(waiting[name]));
  return changed.length === 0 ? ['client secret'] : changed;
}

function lacksClientId({ protocol, config }: Json): boolean {
  return protocol === 'oidc' && (config as Json).client_id === undefined;
}

function clientIdCommand(given: Given, { id }: Json): string {
  return `${commandOf('change', given, String(id))} --client-id <id> --client-secret-file <file>`;
}

function printEffect(session: Session, answer: Json): void {
  printObject(session, answer, [['browsers that must sign in again', (row) => (row.effect as Json).sessions_ended]]);
}

function dryRun(given: Given): string {
  return search({ dry_run: given.has('dry-run') ? 'true' : undefined });
}

function commandOf(word: string, given: Given, provider = given.operand('provider')): string {
  return `headgate identity-providers ${word} ${given.operand('organization')} ${provider}`;
}

async function providersPath(given: Given, session: Session): Promise<string> {
  return `${await organizationPath(given, session)}/identity-providers`;
}

/** Returns the path of the identity provider that the operands name. */
export async function providerPath(given: Given, session: Session): Promise<string> {
  return `${await providersPath(given, session)}/${encodeURIComponent(given.operand('provider'))}`;
}
