import { z } from 'zod';
import { can, reachOf } from '../../domain/tenancy/permission.ts';
import { newId } from '../../lib/id.ts';
import type { SavedViewRow } from '../../store/tenancy/saved-views.ts';
import * as views from '../../store/tenancy/saved-views.ts';
import { mayLearnOf } from '../http/actor.ts';
import { authorize } from '../http/authorize.ts';
import type { AdminCall } from '../http/call.ts';
import { type Change, change, isUnchanged } from '../http/change.ts';
import { id, idParams, instantOut, isoOf, shortName } from '../http/fields.ts';
import { requireVersion } from '../http/if-match.ts';
import * as load from '../http/load.ts';
import { conflict, forbidden, notFound } from '../http/problem.ts';
import { type Loaded, route } from '../http/route.ts';

/** Saved views: a page of the console with its filters under a name, for oneself or shared with an organization. */

const VIEWS_MAX = 50;
const LISTED_MAX = 250;

/** The pages whose address can be saved. */
const VIEW_PATHS = [
  ...(['/usage', '/requests', '/audit', '/organizations', '/teams', '/people', '/keys', '/models'] as const),
  ...(['/credentials', '/route-groups', '/access-groups', '/alerts'] as const),
] as const;

const viewName = shortName(80);
const path = z.enum(VIEW_PATHS);
const queryText = z
  .string()
  .max(2_000)
  .regex(/^[\x21\x24-\x7e]*$/, 'must be the part of the address after `?`')
  .meta({ description: 'The part of the address after `?`, at most 2,000 characters.' });
const sharedWith = id.nullish().meta({
  description: 'The organization that the view is shared with. Sharing needs usage.read in all of it. Null: only for oneself.',
});
const createBody = z.strictObject({ name: viewName, path, query: queryText, organization_id: sharedWith });
const patchBody = z.strictObject({ name: viewName.optional(), query: queryText.optional(), organization_id: sharedWith });
type PatchBody = z.output<typeof patchBody>;

const viewOut = z
  .object({
    id: z.string(),
    name: z.string(),
    path,
    query: z.string(),
    organization_id: z.string().nullable().meta({ description: 'The organization that it is shared with. Null: none.' }),
    is_own: z.boolean(),
    owner_name: z.string(),
    may_change: z.boolean().meta({ description: 'True if the caller may rename, share and delete it.' }),
    version: z.int(),
    created_at: instantOut,
    updated_at: instantOut,
  })
  .meta({ id: 'SavedView' });

export const list = route({
  summary: 'List saved views',
  description:
    'Returns the caller’s own views, and those shared with organizations that the caller belongs to. At most 250. A session that only an identity provider opened leaves out those that may name other organizations.',
  permission: 'signed_in',
  query: z.strictObject({ path: path.optional(), organization_id: id.optional() }),
  response: z.object({ data: z.array(viewOut) }),
  load: load.platform,
  handle: async (call) => {
    const accountId = accountOf(call);
    const asked = call.query.organization_id;
    const readable = asked !== undefined && can(call.actor, 'organization.read', { organizationId: asked }) ? [asked] : [];
    const organizationIds = [...new Set([...ownOrganizations(call), ...readable])];
    const listed = await views.list(call.deps.db, { accountId, organizationIds, path: call.query.path, limit: LISTED_MAX });
    const shown = listed.filter(({ row }) => isShown(call, row));
    return { data: shown.map(({ row, ownerName }) => view(call, row, ownerName)) };
  },
});

export const create = route({
  summary: 'Save a view',
  description: 'A person has at most 50.',
  permission: 'signed_in',
  body: createBody,
  status: 201,
  response: viewOut,
  load: load.platform,
  handle: async (call) => {
    const [accountId, { body }] = [accountOf(call), call];
    const organizationId = body.organization_id ?? null;
    await requireSharing(call, organizationId);
    requireShown(call, { accountId, organizationId, query: body.query });
    const row = await change(call, async ({ tx, now, record }) => {
      if ((await views.countOwn(tx, accountId)) >= VIEWS_MAX)
        throw conflict(`You have ${VIEWS_MAX} saved views, the most allowed. Delete one first.`);
      const made = { id: newId('view', now.getTime()), accountId, organizationId, createdAt: now, updatedAt: now };
      const row = await views.insert(tx, { ...made, name: body.name, path: body.path, query: body.query });
      if (organizationId !== null)
        await record({ ...eventOf(row, organizationId), action: 'saved_view.share', before: null, after: facts(row) });
      return row;
    });
    return view(call, row, call.actor.name);
  },
});

export const update = route({
  summary: 'Change a saved view',
  description: 'A shared view can also be changed by those with organization.profile in the organization.',
  permission: 'signed_in',
  takesIfMatch: true,
  params: idParams,
  body: patchBody,
  response: viewOut,
  load: loadChangeable,
  handle: async (call, found) => {
    const { organization_id: shared } = call.body;
    if (shared !== undefined && shared !== found.organizationId) await requireSharing(call, shared);
    const row = await change(call, (made) => applyPatch(call, made, found.id));
    return view(call, row, row.accountId === call.actor.accountId ? call.actor.name : '');
  },
});

export const remove = route({
  summary: 'Delete a saved view',
  description: 'Also deletes the scheduled mails of it.',
  permission: 'signed_in',
  takesIfMatch: true,
  params: idParams,
  status: 204,
  response: z.void(),
  load: loadChangeable,
  handle: async (call, { id }) => {
    await change(call, async ({ tx, record }) => {
      const row = await lockOne(tx, id);
      requireVersion(call, row.version);
      await views.remove(tx, id);
      if (row.organizationId !== null)
        await record({ ...eventOf(row, row.organizationId), action: 'saved_view.delete', before: facts(row), after: null });
    });
    return undefined;
  },
});

async function applyPatch(
  call: AdminCall<unknown, unknown, PatchBody>,
  { tx, now, record }: Change,
  id: string,
): Promise<SavedViewRow> {
  const row = await lockOne(tx, id);
  requireVersion(call, row.version);
  const { name, query, organization_id } = call.body;
  const columns = {
    name: name ?? row.name,
    query: query ?? row.query,
    organizationId: organization_id === undefined ? row.organizationId : organization_id,
  };
  requireShown(call, { ...row, ...columns });
  if (isUnchanged(facts(row), facts({ ...row, ...columns }))) return row;
  const updated = await views.update(tx, id, columns, now);
  for (const organizationId of new Set([row.organizationId, updated.organizationId])) {
    if (organizationId === null) continue;
    const action =
      row.organizationId === updated.organizationId ? 'update' : organizationId === row.organizationId ? 'unshare' : 'share';
    await record({
      ...eventOf(updated, organizationId),
      action: `saved_view.${action}`,
      before: action === 'share' ? null : facts(row),
      after: action === 'unshare' ? null : facts(updated),
    });
  }
  return updated;
}

/** Loads a view that the caller may change. A view that the caller may not see is 404. */
async function loadChangeable(call: AdminCall<{ readonly id: string }, unknown, unknown>): Promise<Loaded<SavedViewRow>> {
  const row = await findVisible(call, call.params.id);
  if (!mayChange(call, row)) throw forbidden('Only its owner and the admins of the organization can change this view.');
  return { place: { organizationId: row.organizationId }, object: row };
}

/** Finds a view that is the caller's own or shared with an organization that the caller may read. Throws 404 otherwise. */
export async function findVisible(call: AdminCall<unknown, unknown, unknown>, id: string): Promise<SavedViewRow> {
  const accountId = accountOf(call);
  const row = await views.find(call.deps.db, id);
  const isVisible =
    row !== null &&
    isShown(call, row) &&
    (row.accountId === accountId ||
      (row.organizationId !== null && can(call.actor, 'organization.read', { organizationId: row.organizationId })));
  if (!isVisible) throw notFound('saved view');
  return row;
}

/**
 * Reports whether a view may be shown in this session. One that only an identity provider opened must not read where else the person
 * belongs, and the name of an own view may say that. It sees those that are shared with a known organization or that name one.
 */
function isShown(
  { actor }: AdminCall<unknown, unknown, unknown>,
  { accountId, organizationId, query }: Pick<SavedViewRow, 'accountId' | 'organizationId' | 'query'>,
): boolean {
  if (accountId !== actor.accountId || actor.shown?.isElsewhereToo !== true) return true;
  const of = organizationId ?? new URLSearchParams(query).get('organization_id');
  return of !== null && mayLearnOf(actor, of);
}

/** Throws 403 for a view that this session would not find again. */
function requireShown(
  call: AdminCall<unknown, unknown, unknown>,
  row: Pick<SavedViewRow, 'accountId' | 'organizationId' | 'query'>,
): void {
  if (isShown(call, row)) return;
  throw forbidden(
    'You signed in through an identity provider, which opens its organization only, and this view names no organization. Share it with the organization, or sign in with your own password or passkey to keep it for yourself.',
  );
}

/** Returns the account of the caller. Throws 403 for an admin token, which has no views, and for somebody without a role. */
function accountOf({ actor }: AdminCall<unknown, unknown, unknown>): string {
  if (actor.accountId === null) throw forbidden('Only a person who is signed in has saved views. An admin token has none.');
  if (actor.roles.length === 0) throw forbidden('You have no role in any organization, so there is nothing to view.');
  return actor.accountId;
}

async function requireSharing(call: AdminCall<unknown, unknown, unknown>, organizationId: string | null): Promise<void> {
  if (organizationId === null) return;
  authorize(call.actor, 'usage.read', { organizationId });
  await load.findOrganization(call, organizationId);
}

function ownOrganizations({ actor }: AdminCall<unknown, unknown, unknown>): readonly string[] {
  const reaches = reachOf(actor, 'organization.read');
  return reaches.flatMap((reach) => (reach.is === 'everywhere' || reach.organizationId === null ? [] : [reach.organizationId]));
}

function mayChange({ actor }: AdminCall<unknown, unknown, unknown>, row: SavedViewRow): boolean {
  if (row.accountId === actor.accountId) return true;
  return row.organizationId !== null && can(actor, 'organization.profile', { organizationId: row.organizationId });
}

async function lockOne(tx: Change['tx'], id: string): Promise<SavedViewRow> {
  const row = await views.lock(tx, id);
  if (row === null) throw notFound('saved view');
  return row;
}

function facts({ name, path, query, organizationId }: SavedViewRow) {
  return { name, path, query, organization_id: organizationId };
}

function eventOf(row: SavedViewRow, organizationId: string) {
  return { organizationId, objectType: 'saved_view', objectId: row.id, objectName: row.name };
}

function view(call: AdminCall<unknown, unknown, unknown>, row: SavedViewRow, ownerName: string): z.output<typeof viewOut> {
  return {
    id: row.id,
    ...facts(row),
    path: row.path as z.output<typeof path>,
    is_own: row.accountId === call.actor.accountId,
    owner_name: ownerName,
    may_change: mayChange(call, row),
    version: row.version,
    created_at: isoOf(row.createdAt),
    updated_at: isoOf(row.updatedAt),
  };
}
