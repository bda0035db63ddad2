import type { Json } from '../api.ts';
import type { Command, Flag, Given, Session } from '../command.ts';
import { requireAny, yesOrNo } from '../given-changes.ts';
import { textIn } from '../given-files.ts';
import { LIST_FLAGS, listRows } from '../list-pages.ts';
import { BadUsage, CommandFailed } from '../outcome.ts';
import { type Column, printJson, printNext, printObject, printRows } from '../print.ts';
import { organizationPath } from './organizations.ts';
import { differ, SECRETS_ENDED } from './trust-secrets.ts';

/** The issuers whose tokens an organization trusts. */

const COLUMNS: readonly Column[] = [
  ['id', (row) => row.id],
  ['name', (row) => row.name],
  ['issuer', (row) => row.issuer],
  ['keys', (row) => row.key_source],
  ['status', (row) => row.status],
];

const FIELDS: readonly Column[] = [
  ...COLUMNS,
  ['address of the keys', (row) => row.keys_url],
  ['audience', (row) => row.audience],
  ['algorithms', (row) => row.algorithms],
  ['token types', (row) => row.token_types],
  ['longest life', (row) => `${row.life_seconds_max} s`],
  ['direct', (row) => (row.direct === true ? 'yes' : 'no')],
  ['created', (row) => row.created_at],
];

const list: Command = {
  words: ['trust', 'issuers', 'list'],
  summary: 'list the trusted issuers of an organization',
  operands: ['organization'],
  flags: LIST_FLAGS,
  run: async (given, session) =>
    printRows(session, {}, await listRows(given, session, await issuersPath(given, session)), COLUMNS),
};

const show: Command = {
  words: ['trust', 'issuers', 'show'],
  summary: 'show a trusted issuer, and the audience that its tokens must have',
  operands: ['organization', 'issuer'],
  run: async (given, session) => printObject(session, await session.api.get(await pathOf(given, session)), FIELDS),
};

const create: Command = {
  words: ['trust', 'issuers', 'create'],
  summary: 'trust an issuer of tokens; they open nothing until a trust rule takes them',
  operands: ['organization'],
  flags: [
    { name: 'name', value: 'name', about: 'the name of the entry (required)' },
    { name: 'issuer', value: 'iss', about: 'the claim iss of its tokens, exactly (required)' },
    { name: 'keys-url', value: 'address', about: 'the address of its key set (default: found by its discovery document)' },
    { name: 'keys-file', value: 'file', about: 'its key set (JWKS), if it cannot be reached; - is standard input' },
    { name: 'algorithms', value: 'a,b', about: 'the signatures that count (default: RS256,ES256)' },
    { name: 'token-types', value: 'a,b', about: 'the values of the header typ that count (default: jwt,at+jwt)' },
    { name: 'life-seconds-max', value: 'n', about: 'the longest life of a token (default: 3600)' },
    { name: 'direct', value: null, about: 'accept a token in place of a key’s secret too, without an exchange' },
  ],
  run: async (given, session) => {
    const body = {
      ...{ name: given.required('name'), issuer: given.required('issuer'), ...keysOf(given) },
      ...{ algorithms: given.list('algorithms'), token_types: given.list('token-types') },
      life_seconds_max: given.whole('life-seconds-max'),
      ...(given.has('direct') ? { direct: true } : {}),
    };
    const made = await session.api.send('POST', await issuersPath(given, session), body);
    printObject(session, made, FIELDS);
    printNext(session, `Next: headgate trust issuers test ${given.operand('organization')} ${made.id}`);
  },
};

const CHANGE_FLAGS: readonly Flag[] = [
  { name: 'name', value: 'name', about: 'the name of the entry' },
  { name: 'status', value: 'status', about: 'active, or disabled: then no token of the issuer counts' },
  { name: 'keys-url', value: 'address', about: 'the address of its key set; empty: found by its discovery document again' },
  { name: 'keys-file', value: 'file', about: 'its key set (JWKS), if it cannot be reached; - is standard input' },
  { name: 'algorithms', value: 'a,b', about: 'the signatures that count' },
  { name: 'token-types', value: 'a,b', about: 'the values of the header typ that count' },
  { name: 'life-seconds-max', value: 'n', about: 'the longest life of a token' },
  { name: 'direct', value: 'yes|no', about: 'accept a token in place of a key’s secret too, without an exchange' },
];

const change: Command = {
  words: ['trust', 'issuers', 'change'],
  summary: 'change a trusted issuer; every change but one of the name ends the secrets of its workloads at once',
  operands: ['organization', 'issuer'],
  flags: CHANGE_FLAGS,
  notes: [
    'What you do not name stays. The issuer itself cannot be changed.',
    'Workloads whose secrets end get others by exchanging a token again.',
  ],
  run: async (given, session) => {
    requireAny(given, CHANGE_FLAGS, 'trust issuers change');
    const body = {
      ...{ name: given.flag('name'), status: given.flag('status'), ...changedKeys(given), direct: yesOrNo(given, 'direct') },
      ...{ algorithms: given.list('algorithms'), token_types: given.list('token-types') },
      life_seconds_max: given.whole('life-seconds-max'),
    };
    const path = await pathOf(given, session);
    const before = await session.api.get(path);
    const after = await session.api.send('PATCH', path, body, before.version as number);
    printObject(session, after, FIELDS);
    if (differ(before, after, ENDING_SECRETS)) printNext(session, SECRETS_ENDED);
  },
};

/** The fields whose change ends the secrets of workloads. */
const ENDING_SECRETS: readonly string[] = [
  ...['key_source', 'keys_url', 'pasted_keys', 'algorithms', 'token_types'],
  ...['life_seconds_max', 'direct', 'status'],
];

const test: Command = {
  words: ['trust', 'issuers', 'test'],
  summary: 'fetch the keys of a trusted issuer now; exit code 1 if they cannot be read',
  operands: ['organization', 'issuer'],
  run: async (given, session) => {
    const answer = await session.api.send('POST', `${await pathOf(given, session)}/test`);
    if (session.isJson) printJson(session, answer);
    if (answer.ok !== true) throw new CommandFailed(String(answer.words));
    if (session.isJson) return;
    printRows(session, answer, answer.keys as readonly Json[], [
      ['key', (row) => row.kid],
      ['type', (row) => row.kty],
      ['algorithm', (row) => row.alg],
    ]);
  },
};

const remove: Command = {
  words: ['trust', 'issuers', 'delete'],
  summary: 'delete a trusted issuer with its trust rules, and revoke the keys that they made',
  operands: ['organization', 'issuer'],
  run: async (given, session) => {
    await session.api.send('DELETE', await pathOf(given, session));
    session.note(`${given.operand('issuer')} was deleted.`);
  },
};

export const trustIssuerCommands: readonly Command[] = [list, show, create, change, test, remove];

function keysOf(given: Given): object {
  const [url, file] = [given.flag('keys-url'), given.flag('keys-file')];
  if (url !== undefined && file !== undefined)
    throw new BadUsage('--keys-url and --keys-file cannot be combined. The keys have one source.');
  if (url !== undefined) return { key_source: 'url', keys_url: url };
  return file === undefined ? { key_source: 'discovery' } : { key_source: 'pasted', pasted_keys: textIn(given, 'keys-file') };
}

/** Returns the new source of the keys. An empty address means the discovery document. */
function changedKeys(given: Given): object {
  if (!given.has('keys-url') && !given.has('keys-file')) return {};
  return given.flag('keys-url') === '' && !given.has('keys-file') ? { key_source: 'discovery' } : keysOf(given);
}

async function issuersPath(given: Given, session: Session): Promise<string> {
  return `${await organizationPath(given, session)}/trusted-issuers`;
}

async function pathOf(given: Given, session: Session): Promise<string> {
  return `${await issuersPath(given, session)}/${encodeURIComponent(given.operand('issuer'))}`;
}
