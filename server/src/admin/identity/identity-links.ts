import { z } from 'zod';
import * as links from '../../store/identity/identity-links.ts';
import { change } from '../http/change.ts';
import { id, idParams, instantOut, isoOf, isoOrNull } from '../http/fields.ts';
import { listQuery, pageOut, renderPage } from '../http/lists.ts';
import * as load from '../http/load.ts';
import { notFound } from '../http/problem.ts';
import { route } from '../http/route.ts';
import { text } from '../http/schemas.ts';
import { afterUnlink } from './unlink.ts';

/** People at identity providers who are accounts here. */

const linkOut = z
  .object({
    provider_id: z.string(),
    provider_name: z.string(),
    subject: z.string().meta({ description: 'The name of the person at the provider: `sub`, or the NameID.' }),
    account_id: z.string(),
    account_name: z.string(),
    account_email: z.string(),
    email: z.string().nullable().meta({ description: 'The address that the provider last named.' }),
    created_at: instantOut,
    last_used_at: instantOut.nullable(),
  })
  .meta({ id: 'IdentityLink', description: 'A person at an identity provider who is an account here.' });

export const list = route({
  summary: 'List identity links',
  description: 'Returns the people who sign in through identity providers of the organization, newest link first.',
  permission: 'identity.manage',
  params: idParams,
  query: z.strictObject({
    limit: listQuery.limit,
    cursor: listQuery.cursor,
    provider_id: id.optional(),
    account_id: id.optional(),
  }),
  response: pageOut(linkOut),
  load: load.organization,
  handle: async (call, { id: organizationId }) => {
    const { provider_id: providerId, account_id: accountId, limit, cursor } = call.query;
    const listed = await links.list(call.deps.db, { organizationId, providerId, accountId }, { limit, cursor });
    return renderPage(listed, listed.rows.map(view));
  },
});

export const remove = route({
  summary: 'Remove an identity link',
  description:
    'The person at the provider no longer comes in by it, and what the provider has shown of the account ends. At the next sign-in they are treated as a new person.',
  permission: 'identity.manage',
  params: idParams,
  query: z.strictObject({ provider_id: id, subject: text(1_000, 1) }),
  status: 204,
  response: z.void(),
  load: load.organization,
  handle: async (call, { id: organizationId }) => {
    const { provider_id: providerId, subject } = call.query;
    await change(call, async (change) => {
      const accountId = await links.remove(change.tx, { organizationId, providerId, subject });
      if (accountId === null) throw notFound('identity link');
      await afterUnlink(change, { organizationId, providerId, subject, accountId, accountName: null });
    });
    return undefined;
  },
});

function view(row: links.ShownLink): z.output<typeof linkOut> {
  return {
    provider_id: row.providerId,
    provider_name: row.providerName,
    subject: row.subject,
    account_id: row.accountId,
    account_name: row.name,
    account_email: row.accountEmail,
    email: row.email,
    created_at: isoOf(row.createdAt),
    last_used_at: isoOrNull(row.lastUsedAt),
  };
}
