import { z } from 'zod';
import { isSameAddress, type KeyPlace } from '../../domain/tenancy/key-address.ts';
import { capabilitiesOf } from '../../domain/tenancy/permission.ts';
import { newId } from '../../lib/id.ts';
import { lastFour } from '../../lib/secrets.ts';
import * as checks from '../../store/catalogue/credential-checks.ts';
import type { CredentialRow } from '../../store/catalogue/credentials.ts';
import * as credentials from '../../store/catalogue/credentials.ts';
import { sealKey } from '../../store/sealing/key-seal.ts';
import type { AdminCall } from '../http/call.ts';
import { type Change, isUnchanged } from '../http/change.ts';
import { idParams, instant, instantOut, isoOf, isoOrNull, name } from '../http/fields.ts';
import { requireVersion } from '../http/if-match.ts';
import { listQuery, pageOut, pageRequest, renderPage, searchOf } from '../http/lists.ts';
import * as load from '../http/load.ts';
import { conflict, invalid, notFound } from '../http/problem.ts';
import { type Loaded, route } from '../http/route.ts';
import { text } from '../http/schemas.ts';
import { capabilities } from '../organizations/organization-view.ts';
import { changeCatalogue } from './catalogue-change.ts';

/** Credentials for providers. The key is sealed on arrival and never shown again. */

export const provider = z.enum(['openai', 'anthropic', 'gemini']);
/**
 * A provider's API key. It becomes a header value, so only visible ASCII is accepted: other characters could add to the request's
 * head.
 */
export const apiKey = z.string().regex(/^[\x21-\x7e]{1,4096}$/, 'must be 1 to 4096 visible ASCII characters without spaces');
/** The form that `checkBaseUrl` demands. */
const BASE_URL_PATTERN =
  '^[Hh][Tt][Tt][Pp][Ss]?://[^/\\s\\\\@?#\\u0000-\\u001f\\u007f]+(?:/[^\\s\\\\?#\\u0000-\\u001f\\u007f]*)?$';

export const baseUrl = text(2_048).meta({ pattern: BASE_URL_PATTERN }).nullish().meta({
  description:
    'The base URL of the API, with `/v1` for the openai kind and without it for the anthropic kind. It must begin with `https://` unless HEADGATE_ALLOWED_UPSTREAMS lists its host. Null for the vendor’s own address.',
});

/** The risks of a stored credential that still works. */
const RISKS = ['plain_http'] as const;

const expiresAt = instant.nullish().meta({
  description:
    'The time at which the provider ends the key, as far as it is known. Alert rules warn before it; nothing else uses it.',
});

const createBody = z.strictObject({ name, provider, api_key: apiKey, base_url: baseUrl, expires_at: expiresAt });
const patchBody = z.strictObject({
  name: name.optional(),
  api_key: apiKey.optional(),
  base_url: baseUrl,
  expires_at: expiresAt,
});
type PatchBody = z.output<typeof patchBody>;

const credentialOut = z
  .object({
    id: z.string(),
    name: z.string(),
    provider: z.string(),
    base_url: z.string().nullable(),
    last_four: z.string(),
    expires_at: instantOut.nullable(),
    risks: z.array(z.enum(RISKS)).meta({
      description:
        '`plain_http`: the key and all requests cross the network without TLS, and HEADGATE_ALLOWED_UPSTREAMS does not list the host.',
    }),
    deployment_count: z.int(),
    last_check: z
      .object({
        ok: z.boolean(),
        message: z.string().nullable(),
        at: instantOut,
        refused_since: instantOut
          .nullable()
          .meta({ description: 'The time since which the provider refuses the credential. Null if it does not.' }),
      })
      .nullable()
      .meta({
        description:
          'The result of the last check, by the hour or by hand, which asks the provider for its list of models. Null before the first one.',
      }),
    capabilities,
    version: z.int(),
    created_at: instantOut,
    updated_at: instantOut,
  })
  .meta({ id: 'Credential' });

export const list = route({
  summary: 'List credentials',
  description: 'Returns the credentials of providers, without their secrets.',
  permission: 'platform.read',
  query: z.strictObject({ ...listQuery, provider: provider.optional() }),
  response: pageOut(credentialOut),
  load: load.platform,
  handle: async (call) => {
    const filter = { provider: call.query.provider, search: searchOf(call.query) };
    const listed = await credentials.list(call.deps.db, filter, pageRequest(call.query));
    return renderPage(listed, await viewMany(call, listed.rows));
  },
});

export const create = route({
  summary: 'Create a credential',
  description:
    'The key is encrypted at rest and never shown again. Returns 400 for a base URL with a private or metadata address.',
  permission: 'catalogue.manage',
  body: createBody,
  status: 201,
  response: credentialOut,
  load: load.platform,
  handle: async (call) => {
    const { body } = call;
    requireAllowed(call, body.base_url);
    const created = await changeCatalogue(call, async ({ tx, now, record }) => {
      const id = newId('cred', now.getTime());
      const row = await credentials.insert(tx, {
        id,
        name: body.name,
        provider: body.provider,
        baseUrl: body.base_url ?? null,
        expiresAt: body.expires_at == null ? null : new Date(body.expires_at),
        ...(await sealed(call, tx, { id, provider: body.provider, baseUrl: body.base_url ?? null }, body.api_key)),
        createdAt: now,
        updatedAt: now,
      });
      await record({ ...eventOf(row), action: 'credential.create', before: null, after: facts(row) });
      return row;
    });
    return view(call, created);
  },
});

export const read = route({
  summary: 'Get a credential',
  description: 'Returns one credential with its last check and the number of deployments that use it. The secret is never shown.',
  permission: 'platform.read',
  params: idParams,
  response: credentialOut,
  load: loadCredential,
  handle: (call, row) => view(call, row),
});

export const update = route({
  summary: 'Change a credential or rotate its key',
  description:
    '`api_key` replaces the stored key. A `base_url` with another scheme, host or port needs `api_key` again, else 400, because a stored key is sent only to its own address. Every change checks the base URL by the present rules, even an unchanged one.',
  permission: 'catalogue.manage',
  takesIfMatch: true,
  params: idParams,
  body: patchBody,
  response: credentialOut,
  load: loadCredential,
  handle: async (call, { id }) => view(call, await changeCatalogue(call, (change) => applyPatch(call, change, id))),
});

export const remove = route({
  summary: 'Delete a credential',
  description: 'Returns 409 while a deployment uses the credential.',
  permission: 'catalogue.manage',
  takesIfMatch: true,
  params: idParams,
  status: 204,
  response: z.undefined(),
  load: loadCredential,
  handle: async (call, { id }) => {
    await changeCatalogue(call, async ({ tx, record }) => {
      const row = await lockOne(tx, id);
      requireVersion(call, row.version);
      const used = (await credentials.usage(tx, [id])).get(id) ?? 0;
      if (used > 0)
        throw conflict(
          `${used === 1 ? '1 deployment uses' : `${used} deployments use`} this credential. Give them another one or delete them first.`,
        );
      await credentials.remove(tx, id);
      await record({ ...eventOf(row), action: 'credential.delete', before: facts(row), after: null });
    });
    return undefined;
  },
});

async function applyPatch(
  call: AdminCall<unknown, unknown, PatchBody>,
  { tx, now, record, touch }: Change,
  id: string,
): Promise<CredentialRow> {
  const { body } = call;
  const row = await lockOne(tx, id);
  requireVersion(call, row.version);
  const place = { id, provider: row.provider, baseUrl: body.base_url === undefined ? row.baseUrl : body.base_url };
  requireAllowed(call, place.baseUrl);
  if (body.api_key === undefined) requireSameAddress(row, place);
  const columns = {
    name: body.name ?? row.name,
    baseUrl: place.baseUrl,
    ...(body.expires_at === undefined ? {} : { expiresAt: body.expires_at === null ? null : new Date(body.expires_at) }),
    ...(body.api_key === undefined ? {} : await sealed(call, tx, place, body.api_key)),
  };
  const before = facts(row);
  // A rotation is an event even when the new key ends like the old one.
  const after = { ...facts({ ...row, ...columns }), ...(body.api_key === undefined ? {} : { api_key: 'replaced' }) };
  if (isUnchanged(before, after)) return row;
  const updated = await credentials.update(tx, id, columns, now);
  const action = body.api_key === undefined ? 'credential.update' : 'credential.rotate';
  await record({ ...eventOf(updated), action, before, after });
  touch({ catalogue: true });
  return updated;
}

export async function loadCredential(call: AdminCall<{ readonly id: string }, unknown, unknown>): Promise<Loaded<CredentialRow>> {
  const row = await credentials.find(call.deps.db, call.params.id);
  if (row === null) throw notFound('credential');
  return { place: { organizationId: null }, object: row };
}

async function lockOne(tx: Change['tx'], id: string): Promise<CredentialRow> {
  const row = await credentials.lock(tx, id);
  if (row === null) throw notFound('credential');
  return row;
}

export function requireAllowed(call: AdminCall<unknown, unknown, unknown>, url: string | null | undefined): void {
  if (url === null || url === undefined) return;
  const problem = call.deps.upstream.checkBaseUrl(url);
  if (problem !== null) throw invalid('/base_url', problem);
}

/**
 * Throws 400 if a stored key would be sent to another address and is not given again. Otherwise, whoever may edit credentials
 * could send a stored key to their own address and read it there.
 */
export function requireSameAddress(stored: KeyPlace, wanted: KeyPlace): void {
  if (!isSameAddress(stored, wanted))
    throw invalid('/api_key', 'is required for a new address: a stored key is sent only to the address it was given for');
}

const SHOWN_FROM_LENGTH = 16;

/** Seals a key for its row and address. Keeps the last four characters to tell keys apart, but none of a key shorter than 16. */
async function sealed(call: AdminCall, tx: Change['tx'], place: KeyPlace & { readonly id: string }, key: string) {
  return {
    ...(await sealKey(tx, call.deps.keys.credentials, place, key)),
    lastFour: key.length < SHOWN_FROM_LENGTH ? '' : lastFour(key),
  };
}

function facts(row: Pick<CredentialRow, 'name' | 'provider' | 'baseUrl' | 'lastFour' | 'expiresAt'>) {
  const { name, provider, baseUrl: base_url, lastFour: last_four, expiresAt } = row;
  return { name, provider, base_url, last_four, expires_at: isoOrNull(expiresAt) };
}

async function view(call: AdminCall, row: CredentialRow): Promise<z.output<typeof credentialOut>> {
  const [shown] = await viewMany(call, [row]);
  if (shown === undefined) throw new Error('the view of the row is missing');
  return shown;
}

async function viewMany(call: AdminCall, rows: readonly CredentialRow[]) {
  const ids = rows.map((row) => row.id);
  const used = await credentials.usage(call.deps.db, ids);
  const checked = await checks.findMany(call.deps.db, ids);
  return rows.map((row) => ({
    id: row.id,
    ...facts(row),
    risks: risksOf(call, row),
    deployment_count: used.get(row.id) ?? 0,
    last_check: viewCheck(checked.get(row.id)),
    capabilities: [...capabilitiesOf(call.actor, { organizationId: null })],
    version: row.version,
    created_at: isoOf(row.createdAt),
    updated_at: isoOf(row.updatedAt),
  }));
}

function risksOf({ deps }: AdminCall, { baseUrl }: CredentialRow): (typeof RISKS)[number][] {
  return baseUrl !== null && deps.upstream.isPlainOnNetwork(baseUrl) ? ['plain_http'] : [];
}

function viewCheck(check: checks.CredentialCheckRow | undefined) {
  if (check === undefined) return null;
  const { ok, message, checkedAt, failingSince } = check;
  return { ok, message, at: isoOf(checkedAt), refused_since: isoOrNull(failingSince) };
}

function eventOf(row: CredentialRow) {
  return { organizationId: null, objectType: 'credential', objectId: row.id, objectName: row.name };
}
