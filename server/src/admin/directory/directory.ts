import { z } from 'zod';
import { ORGANIZATION_ROLES, TEAM_ROLES } from '../../domain/tenancy/permission.ts';
import { verifiedDomains } from '../../store/identity/domains.ts';
import * as groups from '../../store/identity/scim-groups.ts';
import { type MappingRow, mappingsOfGroups } from '../../store/identity/scim-mappings.ts';
import * as people from '../../store/identity/scim-people.ts';
import * as refusals from '../../store/identity/scim-refusals.ts';
import * as roleQueue from '../../store/identity/scim-role-queue.ts';
import * as scimTokens from '../../store/identity/scim-tokens.ts';
import { pageOfSorted } from '../../store/paging.ts';
import type { AdminCall } from '../http/call.ts';
import { idParams, instantOut, isoOf, isoOrNull } from '../http/fields.ts';
import { listQuery, pageOut, pageRequest, renderPage, searchOf } from '../http/lists.ts';
import * as load from '../http/load.ts';
import { route } from '../http/route.ts';
import { mayStillGive } from '../scim/directory-roles.ts';

/** The SCIM directory of an organization, as its identity provider told it. It changes only through the SCIM endpoint. */

const summaryOut = z
  .object({
    address: z
      .string()
      .nullable()
      .meta({ description: 'The address of the SCIM endpoint. Null: HEADGATE_PUBLIC_URL is not set.' }),
    active_tokens: z.int(),
    last_request_at: instantOut.nullable().meta({ description: 'The last use of an active token, to the minute.' }),
    people: z.int(),
    groups: z.int(),
    waiting: z.int().meta({ description: 'The people whose roles are being worked out after a change of groups or mappings.' }),
    refusals: z.int(),
    verified_domains: z
      .array(z.string())
      .meta({ description: 'The domains whose addresses the directory may create people with.' }),
  })
  .meta({ id: 'Directory' });

export const read = route({
  summary: 'Get the SCIM directory of an organization',
  description: 'Returns the address of the endpoint, and how many people, groups and refused changes there are.',
  permission: 'directory.manage',
  params: idParams,
  response: summaryOut,
  load: load.organization,
  handle: async (call, { id }) => {
    const { db, clock, publicUrl } = call.deps;
    const tokens = await scimTokens.listLiving(db, id, new Date(clock.nowMs()));
    const used = tokens.flatMap(({ lastUsedAt }) => lastUsedAt ?? []).sort((one, other) => other.getTime() - one.getTime());
    return {
      address: publicUrl === null ? null : `${publicUrl}/scim/v2`,
      active_tokens: tokens.length,
      last_request_at: isoOrNull(used[0] ?? null),
      people: await people.count(db, id),
      groups: await groups.countOf(db, id),
      waiting: await roleQueue.countWaiting(db, id),
      refusals: (await refusals.list(db, id)).length,
      verified_domains: [...(await verifiedDomains(db, id))].sort(),
    };
  },
});

const personOut = z
  .object({
    id: z.string().meta({ description: 'The id of the membership, and of the person in SCIM.' }),
    account_id: z.string(),
    name: z.string(),
    user_name: z.string(),
    external_id: z.string().nullable(),
    email: z.string(),
    state: z.enum(people.PERSON_STATES).meta({
      description: '`inactive`: the directory disabled the member. `disabled_here`: an admin of the organization did.',
    }),
    made_account: z.boolean().meta({ description: 'True if the directory created the account.' }),
    created_at: instantOut,
    updated_at: instantOut,
  })
  .meta({ id: 'DirectoryPerson' });

export const listPeople = route({
  summary: 'List the people of a SCIM directory',
  description: 'Returns the people that the identity provider told of, with the state of each membership.',
  permission: 'directory.manage',
  params: idParams,
  query: z.strictObject({ ...listQuery, state: z.enum(people.PERSON_STATES).optional() }),
  response: pageOut(personOut),
  load: load.organization,
  handle: async (call, { id: organizationId }) => {
    const filter = { organizationId, search: searchOf(call.query), state: call.query.state };
    const listed = await people.list(call.deps.db, filter, pageRequest(call.query));
    return renderPage(listed, listed.rows.map(viewPerson));
  },
});

function viewPerson(row: people.ScimPerson): z.output<typeof personOut> {
  return {
    id: row.id,
    account_id: row.accountId,
    name: row.name,
    user_name: row.userName,
    external_id: row.externalId,
    email: row.email,
    state: people.stateOf(row),
    made_account: row.madeAccount,
    created_at: isoOf(row.createdAt),
    updated_at: isoOf(row.updatedAt),
  };
}

const givenOut = z.object({
  mapping_id: z.string(),
  role: z.enum(ORGANIZATION_ROLES).nullable(),
  team_id: z.string().nullable(),
  team_name: z.string().nullable(),
  team_role: z.enum(TEAM_ROLES).nullable(),
  is_held: z.boolean().meta({
    description: 'True if who made the mapping may no longer give this role. Then nobody new gets it, and who has it keeps it.',
  }),
});

const groupOut = z
  .object({
    id: z.string().meta({ description: 'The id of the group in SCIM, which group mappings name.' }),
    name: z.string(),
    external_id: z.string().nullable(),
    members: z.int(),
    gives: z.array(givenOut).meta({ description: 'The roles that its people get by group mappings.' }),
    created_at: instantOut,
    updated_at: instantOut,
  })
  .meta({ id: 'DirectoryGroup' });

export const listGroups = route({
  summary: 'List the groups of a SCIM directory',
  description: 'Returns the groups that the identity provider told of, and the roles that mappings give their people.',
  permission: 'directory.manage',
  params: idParams,
  query: z.strictObject(listQuery),
  response: pageOut(groupOut),
  load: load.organization,
  handle: async (call, { id: organizationId }) => {
    const { db } = call.deps;
    const listed = await groups.list(db, { organizationId, search: searchOf(call.query) }, pageRequest(call.query));
    const ids = listed.rows.map(({ id }) => id);
    const members = await groups.countMembers(db, organizationId, ids);
    const given = Map.groupBy(await mappingsOfGroups(db, organizationId, ids), ({ value }) => value);
    const shown: z.output<typeof groupOut>[] = [];
    for (const row of listed.rows) {
      const gives = await Promise.all((given.get(row.id) ?? []).map((mapping) => viewGiven(call, mapping)));
      shown.push({
        ...{ id: row.id, name: row.name, external_id: row.externalId, members: members.get(row.id) ?? 0, gives },
        ...{ created_at: isoOf(row.createdAt), updated_at: isoOf(row.updatedAt) },
      });
    }
    return renderPage(listed, shown);
  },
});

async function viewGiven(
  { deps }: AdminCall<unknown, unknown, unknown>,
  mapping: MappingRow & { readonly teamName: string | null },
): Promise<z.output<typeof givenOut>> {
  const { role, teamId, teamName, teamRole } = mapping;
  const isHeld = !(await mayStillGive({ tx: deps.db, now: new Date(deps.clock.nowMs()) }, mapping));
  return { mapping_id: mapping.id, role, team_id: teamId, team_name: teamName, team_role: teamRole, is_held: isHeld };
}

const refusalOut = z
  .object({
    id: z.string(),
    resource: z.enum(['Users', 'Groups']),
    method: z.string(),
    subject: z.string().meta({ description: 'The user name, display name or id that the request named.' }),
    status: z.int(),
    detail: z.string(),
    times: z.int(),
    first_at: instantOut,
    last_at: instantOut,
  })
  .meta({ id: 'DirectoryRefusal' });

export const listRefusals = route({
  summary: 'List the refused changes of a SCIM directory',
  description: `Returns what the endpoint refused and why, newest first: the last ${refusals.REFUSALS_MAX}. A refusal goes when the same person or group is accepted.`,
  permission: 'directory.manage',
  params: idParams,
  query: z.strictObject({ limit: listQuery.limit, cursor: listQuery.cursor }),
  response: pageOut(refusalOut),
  load: load.organization,
  handle: async (call, { id }) => {
    const rows = await refusals.list(call.deps.db, id);
    // Newest first, as text that rises: a page continues after the text of its last row.
    const sorted = rows.map((row, index) => ({ row, text: String(index).padStart(4, '0') }));
    const page = pageOfSorted('scim-refusals', sorted, call.query, ({ text }) => text);
    return { data: page.rows.map(({ row }) => viewRefusal(row)), next_cursor: page.nextCursor, total: rows.length };
  },
});

function viewRefusal(row: refusals.ScimRefusalRow): z.output<typeof refusalOut> {
  const { id, resource, method, subject, status, detail, times } = row;
  const at = { first_at: isoOf(row.firstAt), last_at: isoOf(row.lastAt) };
  return { id, resource: resource === 'Groups' ? 'Groups' : 'Users', method, subject, status, detail, times, ...at };
}
