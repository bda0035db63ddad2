import { z } from 'zod';
import * as links from '../../store/identity/identity-links.ts';
import { change } from '../http/change.ts';
import { id, instantOut, isoOf, isoOrNull } from '../http/fields.ts';
import * as load from '../http/load.ts';
import { notFound } from '../http/problem.ts';
import { route } from '../http/route.ts';
import { text } from '../http/schemas.ts';
import { afterUnlink } from '../identity/unlink.ts';
import * as own from '../people/own-account.ts';

/** A person's own links to people at identity providers: lists them and removes them. */

const ownLinkOut = z
  .object({
    organization_id: z.string(),
    organization_name: z.string(),
    provider_id: z.string(),
    provider_name: z.string(),
    subject: z.string().meta({ description: 'Your name at the provider: `sub`, or the NameID.' }),
    email: z.string().nullable().meta({ description: 'The address that the provider last named.' }),
    created_at: instantOut,
    last_used_at: instantOut.nullable(),
  })
  .meta({ id: 'OwnIdentityLink', description: 'A person at an identity provider who signs in as the caller.' });

export const list = route({
  summary: 'List your own identity links',
  description:
    'Returns who signs in as the caller through identity providers, oldest link first, at most 100. Needs a sign-in with your own password or passkey.',
  permission: 'signed_in',
  response: z.object({ data: z.array(ownLinkOut) }),
  load: load.platform,
  handle: async (call) => {
    const account = await own.account(call);
    return { data: (await links.ofAccount(call.deps.db, account.id)).map(view) };
  },
});

export const remove = route({
  summary: 'Remove one of your own identity links',
  description:
    'The person at the provider no longer signs in as the caller, and what the provider has shown ends in all browsers. Needs a sign-in with your own password or passkey.',
  permission: 'signed_in',
  query: z.strictObject({ provider_id: id, subject: text(1_000, 1) }),
  status: 204,
  response: z.void(),
  load: load.platform,
  handle: async (call) => {
    const account = await own.account(call);
    const { provider_id: providerId, subject } = call.query;
    await change(call, async (change) => {
      const { id: accountId, name: accountName } = account;
      const organizationId = await links.removeOwn(change.tx, { accountId, providerId, subject });
      if (organizationId === null) throw notFound('identity link');
      await afterUnlink(change, { organizationId, providerId, subject, accountId, accountName });
    });
    return undefined;
  },
});

function view(row: links.OwnLink): z.output<typeof ownLinkOut> {
  return {
    organization_id: row.organizationId,
    organization_name: row.organizationName,
    provider_id: row.providerId,
    provider_name: row.providerName,
    subject: row.subject,
    email: row.email,
    created_at: isoOf(row.createdAt),
    last_used_at: isoOrNull(row.lastUsedAt),
  };
}
