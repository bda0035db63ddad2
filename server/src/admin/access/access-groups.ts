import { z } from 'zod';
import type { AccessGroupRow } from '../../store/access/access-groups.ts';
import * as groups from '../../store/access/access-groups.ts';
import * as holders from '../../store/access/access-holders.ts';
import { changeCatalogue } from '../catalogue/catalogue-change.ts';
import type { AdminCall } from '../http/call.ts';
import { type Change, isUnchanged } from '../http/change.ts';
import { name } from '../http/fields.ts';
import { requireVersion } from '../http/if-match.ts';
import { pageOut, renderPage, searchOf } from '../http/lists.ts';
import * as load from '../http/load.ts';
import { conflict, notFound } from '../http/problem.ts';
import { type Loaded, route } from '../http/route.ts';
import { text } from '../http/schemas.ts';
import { holderOut, holderText, renderHolders } from '../keys/holder-view.ts';
import { accessGroupKey } from '../limits/rate-limit-fields.ts';
import { dryRunQuery, effectOut } from './effect.ts';
import { groupEvent, groupFacts, groupOut, viewGroup, viewGroups } from './group-view.ts';
import { namedListQuery } from './target-lists.ts';

/** Access groups: labels that authorize. A group's key never changes, and a grant of the group is valid before it has members. */

const SHOWN_MAX = 200;
const HOLDERS_SHOWN_MAX = 50;

const params = z.object({ key: text(64, 1) });
const description = text(1_000).optional();
const createBody = z.strictObject({ key: accessGroupKey, name: name.optional(), description });
const patchBody = z.strictObject({ name: name.optional(), description });

export const list = route({
  summary: 'List access groups',
  description: 'Returns the access groups. Grants and labels name them by their key.',
  permission: 'platform.read',
  query: z.strictObject({ limit: namedListQuery.limit, cursor: namedListQuery.cursor, search: namedListQuery.search }),
  response: pageOut(groupOut),
  load: load.platform,
  handle: async (call) => {
    const listed = await groups.list(call.deps.db, { search: searchOf(call.query) }, call.query);
    return renderPage(listed, await viewGroups(call, listed.rows));
  },
});

export const create = route({
  summary: 'Create an access group',
  description: 'Creates an empty group. Naming an unknown key as a label of a target creates one too.',
  permission: 'catalogue.manage',
  body: createBody,
  status: 201,
  response: groupOut,
  load: load.platform,
  handle: async (call) => {
    const { body } = call;
    const created = await changeCatalogue(call, async ({ tx, now, record, touch }) => {
      const row = await groups.insert(tx, {
        key: body.key,
        name: body.name ?? body.key,
        description: body.description ?? '',
        createdAt: now,
        updatedAt: now,
      });
      await record({ ...groupEvent(row), action: 'access_group.create', before: null, after: groupFacts(row) });
      touch({ catalogue: true });
      return row;
    });
    return viewGroup(call, created);
  },
});

export const read = route({
  summary: 'Get an access group with its members and holders',
  description: 'Returns the targets that carry its label, and the organizations that it is granted to.',
  permission: 'platform.read',
  params,
  response: groupOut.extend({
    members: z.array(z.string()).meta({ description: `Targets with this label, at most ${SHOWN_MAX}.` }),
    holders: z.array(holderOut).meta({ description: `Grants and restrictions that select it, at most ${SHOWN_MAX}.` }),
    more_holders: z.boolean(),
  }),
  load: loadGroup,
  handle: async (call, row) => {
    const holding = await holders.holdersOfGroup(call.deps.db, row.key, SHOWN_MAX);
    return {
      ...(await viewGroup(call, row)),
      members: [...(await groups.membersOf(call.deps.db, row.key, SHOWN_MAX))],
      holders: renderHolders(holding),
      more_holders: holding.more,
    };
  },
});

export const update = route({
  summary: 'Rename an access group',
  description: 'Changes the name and the description. The key never changes.',
  permission: 'catalogue.manage',
  takesIfMatch: true,
  params,
  body: patchBody,
  response: groupOut,
  load: loadGroup,
  handle: async (call, { key }) => {
    const updated = await changeCatalogue(call, async ({ tx, now, record }) => {
      const row = await lockOne(tx, key);
      requireVersion(call, row.version);
      const changes = { name: call.body.name ?? row.name, description: call.body.description ?? row.description };
      const before = groupFacts(row);
      const after = groupFacts({ ...row, ...changes });
      if (isUnchanged(before, after)) return row;
      const changed = await groups.update(tx, key, changes, now);
      await record({ ...groupEvent(changed), action: 'access_group.update', before, after });
      return changed;
    });
    return viewGroup(call, updated);
  },
});

export const remove = route({
  summary: 'Delete an access group',
  description:
    'Returns 409 while a grant or a restriction selects the group, or a limit or a budget applies to it. The labels on targets are removed with it.',
  permission: 'catalogue.manage',
  takesIfMatch: true,
  params,
  query: dryRunQuery,
  status: 204,
  response: z.undefined(),
  rehearsal: effectOut,
  load: loadGroup,
  handle: async (call, { key }) => {
    await changeCatalogue(call, async ({ tx, record, touch }) => {
      const row = await lockOne(tx, key);
      requireVersion(call, row.version);
      await refuseHeld(tx, key);
      const members = await groups.membersOf(tx, key, SHOWN_MAX);
      await groups.remove(tx, key);
      await record({ ...groupEvent(row), action: 'access_group.delete', before: { ...groupFacts(row), members }, after: null });
      touch({ catalogue: true });
    });
    return undefined;
  },
});

/**
 * Throws 409 while a grant, restriction, limit or budget names the group. A limit for a deleted group would silently limit
 * nothing.
 */
async function refuseHeld(tx: Change['tx'], key: string): Promise<void> {
  const holding = await holders.holdersOfGroup(tx, key, HOLDERS_SHOWN_MAX);
  const limiting = await holders.limitersByGroup(tx, key, HOLDERS_SHOWN_MAX);
  const faults = [
    ...holding.rows.map((holder) => ({ pointer: '', message: `selected in the access of ${holderText(holder)}` })),
    ...limiting.rows.map((holder) => ({ pointer: '', message: `named in a limit or budget of ${holderText(holder)}` })),
  ];
  if (faults.length > 0)
    throw conflict(
      'This access group is in use. Remove it from the grants, restrictions, limits and budgets listed in `errors` first.',
      faults,
    );
}

async function loadGroup(call: AdminCall<{ readonly key: string }, unknown, unknown>): Promise<Loaded<AccessGroupRow>> {
  const row = await groups.find(call.deps.db, call.params.key);
  if (row === null) throw notFound('access group');
  return { place: { organizationId: null }, object: row };
}

async function lockOne(tx: Change['tx'], key: string): Promise<AccessGroupRow> {
  const row = await groups.lock(tx, key);
  if (row === null) throw notFound('access group');
  return row;
}
