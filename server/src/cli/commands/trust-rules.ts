import type { Json } from '../api.ts';
import type { Command, Flag, Given, Session } from '../command.ts';
import { requireAny, yesOrNo } from '../given-changes.ts';
import { jsonObjectIn } from '../given-files.ts';
import { LIST_FLAGS, listRows } from '../list-pages.ts';
import { BadUsage } from '../outcome.ts';
import { budgetText, POLICY_CHANGE_FLAGS, POLICY_FLAGS, policyBody, policyChangeBody } from '../policy-flags.ts';
import { type Column, printNext, printObject, printRows } from '../print.ts';
import { organizationPath } from './organizations.ts';
import { differ, SECRETS_ENDED } from './trust-secrets.ts';

/** The rules by which tokens of trusted issuers get keys. */

const COLUMNS: readonly Column[] = [
  ['id', (row) => row.id],
  ['name', (row) => row.name],
  ['issuer', (row) => row.issuer_id],
  ['team', (row) => row.team_id],
  ['owner', (row) => row.service_account_id ?? `members linked at ${row.identity_provider_id}`],
  ['status', (row) => row.status],
];

const FIELDS: readonly Column[] = [
  ...COLUMNS,
  ['conditions', (row) => (row.conditions as readonly Json[]).map(conditionText)],
  ['a key for each', (row) => row.key_by],
  ['each token once', (row) => (row.once === true ? 'yes' : 'no')],
  ['limits of each key', (row) => limitTexts(row.rate_limits as Json)],
  ['budgets of each key', (row) => (row.budgets as readonly Json[]).map(budgetText)],
  ['created', (row) => row.created_at],
];

function conditionText({ claim, match, values }: Json): string {
  return `${claim} ${String(match).replace('_', ' ')} ${(values as readonly string[]).join(' or ')}`;
}

function limitTexts(limits: Json): readonly string[] {
  return Object.entries(limits).flatMap(([name, limit]) => (limit === null ? [] : [`${name} ${limit}`]));
}

const list: Command = {
  words: ['trust', 'rules', 'list'],
  summary: 'list the trust rules of an organization',
  operands: ['organization'],
  flags: [...LIST_FLAGS, { name: 'issuer', value: 'id', about: 'only rules of this trusted issuer' }],
  run: async (given, session) => {
    const rows = await listRows(given, session, await rulesPath(given, session), { issuer_id: given.flag('issuer') });
    printRows(session, {}, rows, COLUMNS);
  },
};

const show: Command = {
  words: ['trust', 'rules', 'show'],
  summary: 'show a trust rule with its conditions',
  operands: ['organization', 'rule'],
  run: async (given, session) => printObject(session, await session.api.get(await pathOf(given, session)), FIELDS),
};

const create: Command = {
  words: ['trust', 'rules', 'create'],
  summary: 'let tokens of a trusted issuer get keys',
  operands: ['organization'],
  flags: [
    { name: 'name', value: 'name', about: 'the name of the rule (required)' },
    { name: 'issuer', value: 'id', about: 'the trusted issuer, by its id here (required)' },
    { name: 'team', value: 'id', about: 'the team of the keys (required)' },
    {
      name: 'file',
      value: 'file',
      about: 'its conditions and key_by as JSON, as the API takes them; - is standard input (required)',
    },
    { name: 'service-account', value: 'id', about: 'the owner of the keys (default: the team’s default service account)' },
    { name: 'identity-provider', value: 'id', about: 'instead: the member who is linked there to the claim sub owns the key' },
    { name: 'once', value: null, about: 'each token can be exchanged once only, by its claim jti' },
    ...POLICY_FLAGS,
  ],
  notes: ['A file with one condition: {"conditions": [{"claim": "repository_id", "match": "equals", "values": ["42"]}]}'],
  run: async (given, session) => {
    const [service, provider] = [given.flag('service-account'), given.flag('identity-provider')];
    if (service !== undefined && provider !== undefined)
      throw new BadUsage('--service-account and --identity-provider cannot be combined. Keys have one owner.');
    const named = { name: given.required('name'), issuer_id: given.required('issuer'), team_id: given.required('team') };
    const body = {
      ...{ ...jsonObjectIn(given, 'file'), ...named, service_account_id: service, identity_provider_id: provider },
      ...(given.has('once') ? { once: true } : {}),
      ...policyBody(given),
    };
    printObject(session, await session.api.send('POST', await rulesPath(given, session), body), FIELDS);
  },
};

const CHANGE_FLAGS: readonly Flag[] = [
  { name: 'name', value: 'name', about: 'the name of the rule' },
  { name: 'status', value: 'status', about: 'active, or disabled: then it takes no token' },
  { name: 'file', value: 'file', about: 'new conditions, key_by or both as JSON, as the API takes them; - is standard input' },
  { name: 'once', value: 'yes|no', about: 'each token can be exchanged once only, by its claim jti' },
  ...POLICY_CHANGE_FLAGS,
];

const change: Command = {
  words: ['trust', 'rules', 'change'],
  summary: 'change a trust rule; another status, conditions, key_by or once ends the secrets of its keys at once',
  operands: ['organization', 'rule'],
  flags: CHANGE_FLAGS,
  notes: [
    'What you do not name stays. An empty value (--rpm=) removes a limit. Issuer, team and owner cannot be changed.',
    'New limits apply to all keys of the rule at once. Workloads whose secrets end get others by exchanging a token again.',
  ],
  run: async (given, session) => {
    requireAny(given, CHANGE_FLAGS, 'trust rules change');
    const body = {
      ...(given.has('file') ? jsonObjectIn(given, 'file') : {}),
      ...(given.has('name') ? { name: given.flag('name') } : {}),
      ...(given.has('status') ? { status: given.flag('status') } : {}),
      ...(given.has('once') ? { once: yesOrNo(given, 'once') } : {}),
      ...policyChangeBody(given),
    };
    const path = await pathOf(given, session);
    const before = await session.api.get(path);
    const after = await session.api.send('PATCH', path, body, before.version as number);
    printObject(session, after, FIELDS);
    if (differ(before, after, ['status', 'conditions', 'key_by', 'once'])) printNext(session, SECRETS_ENDED);
  },
};

const remove: Command = {
  words: ['trust', 'rules', 'delete'],
  summary: 'delete a trust rule, and revoke the keys that it made',
  operands: ['organization', 'rule'],
  run: async (given, session) => {
    await session.api.send('DELETE', await pathOf(given, session));
    session.note(`${given.operand('rule')} was deleted.`);
  },
};

export const trustRuleCommands: readonly Command[] = [list, show, create, change, remove];

async function rulesPath(given: Given, session: Session): Promise<string> {
  return `${await organizationPath(given, session)}/trust-rules`;
}

async function pathOf(given: Given, session: Session): Promise<string> {
  return `${await rulesPath(given, session)}/${encodeURIComponent(given.operand('rule'))}`;
}
