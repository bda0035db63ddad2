import type { Json } from '../api.ts';
import type { Command, Given, Session } from '../command.ts';
import { LIST_FLAGS, listRows } from '../list-pages.ts';
import { BadUsage } from '../outcome.ts';
import { END_USER_FLAGS, endUserBody, POLICY_FLAGS, policyBody } from '../policy-flags.ts';
import { type Column, printObject, printRows } from '../print.ts';
import { organizationId } from './organizations.ts';

const COLUMNS: readonly Column[] = [
  ['id', (row) => row.id],
  ['name', (row) => row.name],
  ['key', (row) => `${row.prefix}…${row.last_four}`],
  ['owner', (row) => (row.owner as Json | undefined)?.name],
  ['status', (row) => row.status],
  ['expires', (row) => row.expires_at],
  ['last used', (row) => row.last_used_at],
];

const FIELDS: readonly Column[] = [
  ...COLUMNS,
  ['organization', (row) => row.organization_id],
  ['team', (row) => row.team_id],
  ['created', (row) => row.created_at],
];

const NEW_SECRET: Column = ['secret', (row) => row.secret];

const list: Command = {
  words: ['keys', 'list'],
  summary: 'list keys',
  operands: [],
  flags: [
    ...LIST_FLAGS,
    { name: 'organization', value: 'id or slug', about: 'only keys of this organization' },
    { name: 'team', value: 'id', about: 'only keys of this team' },
    { name: 'status', value: 'status', about: 'only keys with this status: active, disabled or revoked' },
    { name: 'kind', value: 'kind', about: 'only keys of this kind: api, login or workload' },
    { name: 'owned-by', value: 'owner', about: 'only keys owned by a person, or by a service_account' },
    { name: 'unused-days', value: 'n', about: 'only working keys that were not used for so many days' },
  ],
  notes: ['The people who still hold a long-lived key: keys list --kind api --owned-by person --status active'],
  run: async (given, session) => {
    const named = given.flag('organization');
    const organization = named === undefined ? undefined : await organizationId(session.api, named);
    const filter = {
      organization_id: organization,
      team_id: given.flag('team'),
      status: given.flag('status'),
      kind: given.flag('kind'),
      owned_by: given.flag('owned-by'),
      unused_days: given.whole('unused-days'),
    };
    printRows(session, {}, await listRows(given, session, '/keys', filter), COLUMNS);
  },
};

const MODEL_COLUMNS: readonly Column[] = [
  ['name', (row) => row.name],
  ['type', (row) => row.type],
  ['mode', (row) => row.mode],
  ['context', (row) => row.context_window],
  ['max output', (row) => row.max_output_tokens],
  ['input USD/M', (row) => (row.prices as Json | null)?.input_per_million],
  ['cached USD/M', (row) => (row.prices as Json | null)?.cached_input_per_million],
  ['output USD/M', (row) => (row.prices as Json | null)?.output_per_million],
];

const models: Command = {
  words: ['keys', 'models'],
  summary: 'list the models and route groups that a key can call, with prices',
  operands: ['key'],
  flags: [...LIST_FLAGS, { name: 'mode', value: 'mode', about: 'only those that serve this: chat, completion or embedding' }],
  run: async (given, session) => {
    const rows = await listRows(given, session, `${pathOf(given)}/callable-targets`, { mode: given.flag('mode') });
    printRows(session, {}, rows, MODEL_COLUMNS);
  },
};

const create: Command = {
  words: ['keys', 'create'],
  summary: 'create a key; its secret is shown once',
  operands: [],
  flags: [
    { name: 'team', value: 'id', about: 'the team that the key belongs to (required)' },
    { name: 'name', value: 'name', about: 'the name of the key (required)' },
    { name: 'owner', value: 'id', about: 'an account or a service account (default: the team’s default service account)' },
    { name: 'expires-at', value: 'instant', about: 'when the key expires, such as 2030-01-31T00:00:00Z (default: never)' },
    ...POLICY_FLAGS,
    ...END_USER_FLAGS,
  ],
  run: async (given, session) => {
    const body = {
      team_id: given.required('team'),
      name: given.required('name'),
      owner: ownerOf(given.flag('owner')),
      expires_at: given.flag('expires-at'),
      ...policyBody(given),
      ...endUserBody(given),
    };
    printObject(session, await session.api.send('POST', '/keys', body), [...FIELDS, NEW_SECRET]);
  },
};

const read: Command = {
  words: ['keys', 'read'],
  summary: 'show one key',
  operands: ['key'],
  flags: [],
  run: async (given, session) => printObject(session, await session.api.get(pathOf(given)), FIELDS),
};

const rotate: Command = {
  words: ['keys', 'rotate'],
  summary: 'give a key a new secret; it is shown once',
  operands: ['key'],
  flags: [{ name: 'overlap-seconds', value: 'n', about: 'seconds for which older secrets still work (default: 0)' }],
  run: async (given, session) => {
    const answer = await session.api.send('POST', `${pathOf(given)}/rotate`, { overlap_seconds: given.whole('overlap-seconds') });
    const end: Column = ['older secrets end', (row) => row.older_secrets_end_at];
    printObject(session, answer, [...FIELDS, end, NEW_SECRET]);
  },
};

const disable: Command = {
  words: ['keys', 'disable'],
  summary: 'disable a key; its requests are refused until it is enabled',
  operands: ['key'],
  flags: [],
  run: (given, session) => act(given, session, 'disable'),
};

const enable: Command = {
  words: ['keys', 'enable'],
  summary: 'enable a disabled key',
  operands: ['key'],
  flags: [],
  run: (given, session) => act(given, session, 'enable'),
};

export const keyCommands: readonly Command[] = [list, create, read, models, rotate, disable, enable];

async function act(given: Given, session: Session, action: 'disable' | 'enable'): Promise<void> {
  printObject(session, await session.api.send('POST', `${pathOf(given)}/${action}`), FIELDS);
}

function pathOf(given: Given): string {
  return `/keys/${encodeURIComponent(given.operand('key'))}`;
}

function ownerOf(id: string | undefined): object | undefined {
  if (id === undefined) return undefined;
  if (id.startsWith('acct_')) return { account_id: id };
  if (id.startsWith('svc_')) return { service_account_id: id };
  throw new BadUsage('--owner must be the id of an account (acct_…) or of a service account (svc_…).');
}
