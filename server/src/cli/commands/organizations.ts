import type { Api, Json } from '../api.ts';
import type { Command, Given, Session } from '../command.ts';
import { LIST_FLAGS, listRows } from '../list-pages.ts';
import { BadUsage, CommandFailed, EXIT } from '../outcome.ts';
import { POLICY_FLAGS, policyBody } from '../policy-flags.ts';
import { type Column, printObject, printRows } from '../print.ts';

const COLUMNS: readonly Column[] = [
  ['id', (row) => row.id],
  ['slug', (row) => row.slug],
  ['name', (row) => row.name],
  ['status', (row) => row.status],
];

const FIELDS: readonly Column[] = [...COLUMNS, ['time zone', (row) => row.time_zone], ['created', (row) => row.created_at]];

const GRANT_FLAGS = [
  { name: 'all-targets', value: null, about: 'grant every model and route group, including future ones' },
  { name: 'targets', value: 'a,b', about: 'grant these models and route groups' },
  { name: 'access-groups', value: 'a,b', about: 'grant the members of these access groups' },
] as const;

const list: Command = {
  words: ['organizations', 'list'],
  summary: 'list organizations',
  operands: [],
  flags: [
    ...LIST_FLAGS,
    { name: 'status', value: 'status', about: 'only organizations with this status: active, suspended or archived' },
  ],
  run: async (given, session) => {
    const rows = await listRows(given, session, '/organizations', { status: given.flag('status') });
    printRows(session, {}, rows, COLUMNS);
  },
};

const create: Command = {
  words: ['organizations', 'create'],
  summary: 'create an organization',
  operands: [],
  flags: [
    { name: 'slug', value: 'slug', about: 'the name in addresses, never reused (required)' },
    { name: 'name', value: 'name', about: 'the name of the organization (required)' },
    { name: 'time-zone', value: 'zone', about: 'the time zone of its days, such as Europe/Paris (default: UTC)' },
    ...POLICY_FLAGS,
    ...GRANT_FLAGS,
  ],
  run: async (given, session) => {
    const body = {
      slug: given.required('slug'),
      name: given.required('name'),
      time_zone: given.flag('time-zone'),
      asset_access: grantsOf(given),
      ...policyBody(given),
    };
    printObject(session, await session.api.send('POST', '/organizations', body), FIELDS);
  },
};

const read: Command = {
  words: ['organizations', 'read'],
  summary: 'show one organization',
  operands: ['organization'],
  flags: [],
  run: async (given, session) => {
    const id = await organizationId(session.api, given.operand('organization'));
    printObject(session, await session.api.get(`/organizations/${id}`), FIELDS);
  },
};

const suspend: Command = {
  words: ['organizations', 'suspend'],
  summary: 'suspend an organization; all of its requests are refused',
  operands: ['organization'],
  flags: [],
  run: (given, session) => act(given, session, 'suspend'),
};

const reactivate: Command = {
  words: ['organizations', 'reactivate'],
  summary: 'reactivate a suspended organization',
  operands: ['organization'],
  flags: [],
  run: (given, session) => act(given, session, 'reactivate'),
};

export const organizationCommands: readonly Command[] = [list, create, read, suspend, reactivate];

/** Returns the id of an organization, given its id or slug. Throws CommandFailed if no organization has the slug. */
export async function organizationId(api: Api, idOrSlug: string): Promise<string> {
  if (idOrSlug.startsWith('org_')) return encodeURIComponent(idOrSlug);
  const { data } = await api.get('/organizations', { search: idOrSlug, limit: 200 });
  const found = (data as readonly Json[]).find((row) => row.slug === idOrSlug);
  if (found === undefined)
    throw new CommandFailed(
      `There is no organization with the id or slug ${JSON.stringify(idOrSlug)}, or you may not see it.`,
      EXIT.notAllowed,
    );
  return String(found.id);
}

async function act(given: Given, session: Session, action: 'suspend' | 'reactivate'): Promise<void> {
  const id = await organizationId(session.api, given.operand('organization'));
  printObject(session, await session.api.send('POST', `/organizations/${id}/${action}`), FIELDS);
}

function grantsOf(given: Given): object | undefined {
  const [targets, accessGroups] = [given.list('targets'), given.list('access-groups')];
  const isSelected = targets !== undefined || accessGroups !== undefined;
  if (given.has('all-targets') && isSelected)
    throw new BadUsage('--all-targets grants everything. Leave out --targets and --access-groups.');
  if (given.has('all-targets')) return { mode: 'all' };
  return isSelected ? { mode: 'selected', targets: targets ?? [], access_groups: accessGroups ?? [] } : undefined;
}
