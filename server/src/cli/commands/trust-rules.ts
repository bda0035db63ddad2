import type { Json } from '../api.ts';
import type { Command, Given, Session } from '../command.ts';
import { jsonObjectIn } from '../given-files.ts';
import { LIST_FLAGS, listRows } from '../list-pages.ts';
import { BadUsage } from '../outcome.ts';
import { POLICY_FLAGS, policyBody } from '../policy-flags.ts';
import { type Column, printObject, printRows } from '../print.ts';
import { organizationPath } from './organizations.ts';

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
  ['created', (row) => row.created_at],
];

function conditionText({ claim, match, values }: Json): string {
  return `${claim} ${String(match).replace('_', ' ')} ${(values as readonly string[]).join(' or ')}`;
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

const remove: Command = {
  words: ['trust', 'rules', 'delete'],
  summary: 'delete a trust rule, and revoke the keys that it made',
  operands: ['organization', 'rule'],
  run: async (given, session) => {
    await session.api.send('DELETE', await pathOf(given, session));
    session.note(`${given.operand('rule')} was deleted.`);
  },
};

export const trustRuleCommands: readonly Command[] = [list, show, create, remove];

async function rulesPath(given: Given, session: Session): Promise<string> {
  return `${await organizationPath(given, session)}/trust-rules`;
}

async function pathOf(given: Given, session: Session): Promise<string> {
  return `${await rulesPath(given, session)}/${encodeURIComponent(given.operand('rule'))}`;
}
