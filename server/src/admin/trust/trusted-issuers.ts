import { z } from 'zod';
import type { TrustedIssuer } from '../../domain/identity/trust.ts';
import { ISSUERS_MAX } from '../../domain/identity/trust-words.ts';
import { discoveryUrl } from '../../identity/oidc/oidc-config.ts';
import { BadKeySet, readKeySet, refusePrivateKeys } from '../../identity/workload/key-set.ts';
import { newId } from '../../lib/id.ts';
import type { OrganizationRow } from '../../store/tenancy/organizations.ts';
import * as rules from '../../store/workload/rules.ts';
import { dropKeySet, type IssuerRow, rulesOf } from '../../store/workload/trust.ts';
import * as workloadKeys from '../../store/workload/workload-keys.ts';
import type { AdminCall } from '../http/call.ts';
import { type Change, change, isUnchanged } from '../http/change.ts';
import { id, idParams, name } from '../http/fields.ts';
import { requireVersion } from '../http/if-match.ts';
import { listQuery, pageOut, pageRequest, renderPage, searchOf } from '../http/lists.ts';
import * as load from '../http/load.ts';
import { conflict, invalid, notFound } from '../http/problem.ts';
import { type Loaded, route } from '../http/route.ts';
import {
  auditedIssuer,
  DEFAULT_ALGORITHMS,
  DEFAULT_TOKEN_TYPES,
  issuerOut,
  issuerSettings,
  issuerText,
  keySource,
  status,
  viewIssuer,
} from './trust-fields.ts';

/** The issuers whose tokens an organization trusts. */

const issuerParams = z.object({ id, issuer_id: id });
const createBody = z.strictObject({ name, issuer: issuerText, key_source: keySource, ...issuerSettings });
const patchBody = z.strictObject({
  name: name.optional(),
  key_source: keySource.optional(),
  ...issuerSettings,
  status: status.optional(),
});
type Settings = z.output<typeof patchBody>;

export const list = route({
  summary: 'List trusted issuers',
  description: 'Returns the issuers whose tokens the organization trusts.',
  permission: 'trust.manage',
  params: idParams,
  query: z.strictObject(listQuery),
  response: pageOut(issuerOut),
  load: load.organization,
  handle: async (call, organization) => {
    const listed = await rules.listIssuers(call.deps.db, organization.id, searchOf(call.query), pageRequest(call.query));
    return renderPage(
      listed,
      listed.rows.map((row) => view(call, organization, row)),
    );
  },
});

export const read = route({
  summary: 'Get a trusted issuer',
  description: 'Returns the issuer with the audience that its tokens must have.',
  permission: 'trust.manage',
  params: issuerParams,
  response: issuerOut,
  load: loadIssuer,
  handle: async (call, { organization, row }) => view(call, organization, row),
});

export const create = route({
  summary: 'Trust an issuer',
  description:
    'Tokens of the issuer open nothing until a trust rule takes them. The issuer cannot be changed afterwards, only its keys and bounds.',
  permission: 'trust.manage',
  params: idParams,
  body: createBody,
  status: 201,
  response: issuerOut,
  load: load.organization,
  handle: (call, organization) =>
    change(call, async ({ tx, now, record, touch }) => {
      if ((await rules.countIssuers(tx, organization.id)) >= ISSUERS_MAX)
        throw conflict(`The organization trusts ${ISSUERS_MAX} issuers already, the most allowed. Delete one first.`);
      const row = {
        ...{ organizationId: organization.id, id: newId('iss', now.getTime()), createdBy: call.actor.id },
        ...{ name: call.body.name, issuer: call.body.issuer, createdAt: now, updatedAt: now },
        ...settingsAfter(NEW_ISSUER, call.body),
      };
      requireUsable(call, row);
      const inserted = await rules.insertIssuer(tx, row);
      if (inserted === null) throw conflict('The organization trusts this issuer already. Change that entry instead.');
      await record({ ...eventOf(inserted), action: 'trusted_issuer.create', before: null, after: auditedIssuer(inserted) });
      touch({ organizationIds: [organization.id] });
      return view(call, organization, inserted);
    }),
});

export const update = route({
  summary: 'Change a trusted issuer',
  description:
    'Absent fields keep their value. Every change but one of the name ends the secrets of the issuer’s workloads at once; they get others by exchanging a token again.',
  permission: 'trust.manage',
  takesIfMatch: true,
  params: issuerParams,
  body: patchBody,
  response: issuerOut,
  load: loadIssuer,
  handle: async (call, { organization, row }) =>
    view(call, organization, await change(call, (made) => applyPatch(call, made, row))),
});

export const remove = route({
  summary: 'Delete a trusted issuer',
  description: 'Also deletes its trust rules, and revokes the keys that they made.',
  permission: 'trust.manage',
  takesIfMatch: true,
  params: issuerParams,
  status: 204,
  response: z.void(),
  load: loadIssuer,
  handle: async (call, { row: { organizationId, id } }) => {
    await change(call, async ({ tx, now, record, touch }) => {
      const row = await lockOne(tx, { organizationId, id });
      requireVersion(call, row.version);
      const keyIds = await workloadKeys.keyIdsOf(tx, { organizationId, issuerId: id });
      await revokeKeys({ tx, now, touch }, organizationId, keyIds);
      const gone = await rulesOf(tx, { organizationId, issuerId: id });
      for (const rule of gone) await rules.removeRule(tx, rule);
      await rules.removeIssuer(tx, row);
      const before = { ...auditedIssuer(row), rules: gone.map((rule) => rule.id), keys_revoked: [...keyIds] };
      await record({ ...eventOf(row), action: 'trusted_issuer.delete', before, after: null });
    });
    return undefined;
  },
});

export const test = route({
  summary: 'Test the keys of a trusted issuer',
  description: 'Fetches the key set now, and returns its keys or what is wrong. Stores nothing.',
  permission: 'trust.manage',
  takesReason: false,
  params: issuerParams,
  response: z.object({
    ok: z.boolean(),
    words: z.string(),
    keys: z.array(z.object({ kid: z.string().nullable(), kty: z.string(), alg: z.string().nullable() })),
  }),
  load: loadIssuer,
  handle: async ({ deps }, { row }) => {
    const found = await deps.trust.keys.test(row);
    if ('problem' in found) return { ok: false, words: `The keys cannot be read: ${found.problem}.`, keys: [] };
    const keys = found.keys.map(({ kid = null, kty = '', alg = null }) => ({ kid, kty, alg }));
    return { ok: true, words: `The issuer has ${keys.length === 1 ? '1 key' : `${keys.length} keys`}.`, keys };
  },
});

async function applyPatch(
  call: AdminCall<unknown, unknown, Settings>,
  { tx, now, record, touch }: Change,
  { organizationId, id }: IssuerRow,
): Promise<IssuerRow> {
  const row = await lockOne(tx, { organizationId, id });
  requireVersion(call, row.version);
  const columns = { name: call.body.name ?? row.name, ...settingsAfter(row, call.body) };
  const after = { ...row, ...columns };
  requireUsable(call, after);
  if (isUnchanged(auditedIssuer(row), auditedIssuer(after))) return row;
  const updated = await rules.updateIssuer(tx, row, columns, now);
  await record({
    ...eventOf(updated),
    action: 'trusted_issuer.update',
    before: auditedIssuer(row),
    after: auditedIssuer(updated),
  });
  await dropKeySet(tx, row);
  if (!isUnchanged({ ...auditedIssuer(row), name: '' }, { ...auditedIssuer(updated), name: '' }))
    await endSecrets({ tx, now, touch }, { organizationId, issuerId: id });
  return updated;
}

/** Ends the secrets of all keys of these rules, and direct tokens with them, on every process. */
export async function endSecrets(
  { tx, now, touch }: Pick<Change, 'tx' | 'now' | 'touch'>,
  of: workloadKeys.RulesOf,
): Promise<void> {
  const keyIds = await workloadKeys.keyIdsOf(tx, of);
  await workloadKeys.endSecretsOf(tx, of.organizationId, keyIds, now);
  touch({ organizationIds: [of.organizationId], keyIds });
}

/** Revokes these keys of rules, and ends their secrets, on every process. */
export async function revokeKeys(
  { tx, now, touch }: Pick<Change, 'tx' | 'now' | 'touch'>,
  organizationId: string,
  keyIds: readonly string[],
): Promise<void> {
  await workloadKeys.revoke(tx, organizationId, keyIds, now);
  await workloadKeys.endSecretsOf(tx, organizationId, keyIds, now);
  touch({ organizationIds: [organizationId], keyIds });
}

type IssuerSettings = Pick<
  IssuerRow,
  'keySource' | 'keysUrl' | 'pastedKeys' | 'algorithms' | 'tokenTypes' | 'lifeSecondsMax' | 'isDirect' | 'status'
>;

const NEW_ISSUER: IssuerSettings = {
  ...{ keySource: 'discovery', keysUrl: null, pastedKeys: null, lifeSecondsMax: 3_600, isDirect: false, status: 'active' },
  algorithms: [...DEFAULT_ALGORITHMS],
  tokenTypes: [...DEFAULT_TOKEN_TYPES],
};

function settingsAfter(stored: IssuerSettings, body: Omit<Settings, 'name'>): IssuerSettings {
  const source = body.key_source ?? stored.keySource;
  const types = body.token_types?.map((type) => type.toLowerCase());
  return {
    keySource: source,
    // What belongs to another source is not kept: it would be of no use, and seem to be.
    keysUrl: source === 'url' ? (body.keys_url === undefined ? stored.keysUrl : body.keys_url) : (body.keys_url ?? null),
    pastedKeys:
      source === 'pasted' ? (body.pasted_keys === undefined ? stored.pastedKeys : body.pasted_keys) : (body.pasted_keys ?? null),
    algorithms: body.algorithms === undefined ? stored.algorithms : [...new Set(body.algorithms)],
    tokenTypes: types === undefined ? stored.tokenTypes : [...new Set(types)],
    lifeSecondsMax: body.life_seconds_max ?? stored.lifeSecondsMax,
    isDirect: body.direct ?? stored.isDirect,
    status: body.status ?? stored.status,
  };
}

/** Throws 400 for a source of keys that is incomplete, contradicts itself or must not be called. */
function requireUsable(
  { deps }: AdminCall<unknown, unknown, unknown>,
  { issuer, keySource, keysUrl, pastedKeys }: Pick<TrustedIssuer, 'issuer' | 'keySource' | 'keysUrl' | 'pastedKeys'>,
): void {
  if (keySource !== 'url' && keysUrl !== null) throw invalid('/keys_url', 'is only for `key_source` `url`');
  if (keySource !== 'pasted' && pastedKeys !== null) throw invalid('/pasted_keys', 'is only for `key_source` `pasted`');
  if (keySource === 'pasted') {
    requireKeySet(pastedKeys);
    return;
  }
  if (keySource === 'url' && keysUrl === null) throw invalid('/keys_url', 'is missing: name the address of the key set');
  const problem = deps.trust.checkUrl(keySource === 'url' ? (keysUrl ?? '') : discoveryUrl(issuer));
  if (problem !== null) throw invalid(keySource === 'url' ? '/keys_url' : '/issuer', problem);
}

function requireKeySet(text: string | null): void {
  if (text === null) throw invalid('/pasted_keys', 'is missing: paste the key set (JWKS) of the issuer');
  try {
    refusePrivateKeys(text);
    readKeySet(text);
  } catch (error) {
    if (error instanceof BadKeySet) throw invalid('/pasted_keys', error.message);
    throw error;
  }
}

/** An issuer with its organization. */
interface LoadedIssuer {
  readonly organization: OrganizationRow;
  readonly row: IssuerRow;
}

async function loadIssuer(
  call: AdminCall<{ readonly id: string; readonly issuer_id: string }, unknown, unknown>,
): Promise<Loaded<LoadedIssuer>> {
  const organization = await load.findOrganization(call, call.params.id);
  const row = await rules.findIssuer(call.deps.db, { organizationId: organization.id, id: call.params.issuer_id });
  if (row === null) throw notFound('trusted issuer');
  return { place: { organizationId: organization.id }, object: { organization, row } };
}

async function lockOne(tx: Change['tx'], issuer: rules.TrustId): Promise<IssuerRow> {
  const row = await rules.lockIssuer(tx, issuer);
  if (row === null) throw notFound('trusted issuer');
  return row;
}

function view({ deps }: AdminCall<unknown, unknown, unknown>, { slug }: OrganizationRow, row: IssuerRow) {
  return viewIssuer(row, { publicUrl: deps.publicUrl, slug });
}

function eventOf({ organizationId, id, name }: IssuerRow) {
  return { organizationId, objectType: 'trusted_issuer', objectId: id, objectName: name };
}
