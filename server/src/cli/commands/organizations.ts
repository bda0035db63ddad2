import type { Api, Json } from '../api.ts';
import type { Command, Given, Session } from '../command.ts';
import { LIST_FLAGS, listRows } from '../list-pages.ts';
import { BadUsage, CommandFailed, EXIT } from '../outcome.ts';
import { END_USER_FLAGS, endUserBody, POLICY_FLAGS, policyBody } from '../policy-flags.ts';
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
    { name: 'like', value: 'organization', about: 'take the settings of this organization; other flags win' },
    { name: 'template', value: 'template', about: 'take the settings of this template, by id or name; other flags win' },
    ...POLICY_FLAGS,
    ...END_USER_FLAGS,
    ...GRANT_FLAGS,
  ],
  run: async (given, session) => {
    const [like, template] = [given.flag('like'), given.flag('template')];
    const body = {
      like_organization_id: like && (await organizationId(session.api, like)),
      template_id: template && (await templateId(session.api, template)),
      slug: given.required('slug'),
      name: given.required('name'),
      time_zone: given.flag('time-zone'),
      asset_access: grantsOf(given),
      ...policyBody(given),
      ...endUserBody(given),
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

const limits: Command = {
  words: ['organizations', 'limits'],
  summary: 'change the limits of several organizations, all of them or none',
  operands: [],
  flags: [
    { name: 'organizations', value: 'a,b', about: 'ids or slugs, at most 200 (or --search or --status)' },
    { name: 'search', value: 'text', about: 'all organizations whose name begins with this text' },
    { name: 'status', value: 'status', about: 'all organizations with this status' },
    { name: 'dry-run', value: null, about: 'only show what would change' },
    ...POLICY_FLAGS,
  ],
  run: async (given, session) => {
    const ids = given.list('organizations');
    const filter = { search: given.flag('search'), status: given.flag('status') };
    const isFiltered = filter.search !== undefined || filter.status !== undefined;
    if ((ids === undefined) === !isFiltered) throw new BadUsage('Name --organizations, or find them with --search or --status.');
    const chosen =
      ids === undefined
        ? { filter }
        : { organizations: await Promise.all(ids.map(async (one) => ({ id: await organizationId(session.api, one) }))) };
    const body = { ...chosen, ...policyBody(given) };
    const path = `/organizations${given.has('dry-run') ? '?dry_run=true' : ''}`;
    const { data, ...more } = await session.api.send('PATCH', path, body);
    printRows(session, more, data as readonly Json[], CHANGED);
  },
};

const CHANGED: readonly Column[] = [
  ['id', (row) => row.id],
  ['name', (row) => row.name],
  ['changed', (row) => (row.is_changed === true ? 'yes' : 'no')],
  ['over a new limit', (row) => (row.keys_over_new_limit as readonly unknown[] | null)?.length ?? '-'],
];

const templates: Command = {
  words: ['organizations', 'templates'],
  summary: 'list the templates of organizations',
  operands: [],
  flags: [...LIST_FLAGS],
  run: async (given, session) => {
    const rows = await listRows(given, session, '/organization-templates');
    printRows(session, {}, rows, [
      ['id', (row) => row.id],
      ['name', (row) => row.name],
      ['description', (row) => row.description],
    ]);
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

export const organizationCommands: readonly Command[] = [list, create, read, limits, templates, suspend, reactivate];

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

/** Returns the path of the organization that the operand names, by its id or slug. */
export async function organizationPath(given: Given, { api }: Session): Promise<string> {
  return `/organizations/${await organizationId(api, given.operand('organization'))}`;
}

async function templateId(api: Api, idOrName: string): Promise<string> {
  if (idOrName.startsWith('tpl_')) return idOrName;
  const { data } = await api.get('/organization-templates', { search: idOrName, limit: 200 });
  const found = (data as readonly Json[]).find((row) => String(row.name).toLowerCase() === idOrName.toLowerCase());
  if (found === undefined)
    throw new CommandFailed(`There is no template with the id or name ${JSON.stringify(idOrName)}.`, EXIT.notAllowed);
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
