import { isSameAddress } from '../../domain/tenancy/key-address.ts';
import { newId } from '../../lib/id.ts';
import type { CredentialRow } from '../../store/catalogue/credentials.ts';
import * as credentials from '../../store/catalogue/credentials.ts';
import { NO_OTHER, type OtherColumns } from '../../store/sealing/other-secret.ts';
import type { AdminCall } from '../http/call.ts';
import { type Change, isUnchanged } from '../http/change.ts';
import { requireVersion } from '../http/if-match.ts';
import { conflict, invalid, notFound } from '../http/problem.ts';
import { type CreateBody, type PatchBody, settingsFrom } from './credential-fields.ts';
import { requireAllowed, requireSameAddress, requireSecret, requireSound, secretOf } from './credential-input.ts';
import { replaced, type SecretColumns, type SecretPlace, sealed } from './credential-rotation.ts';
import { auditedCredential } from './credential-view.ts';
import { movedPresets, requirePreset, requirePresetAddress } from './known-presets.ts';

/**
 * Creates, changes and deletes credentials of one owner: the platform, or the organization that brought them. Call inside a change
 * that also touches what the owner's requests read.
 */

type Owner = CredentialRow['owner'];

export async function insertCredential(
  call: AdminCall<unknown, unknown, CreateBody>,
  { tx, now, record }: Change,
  owner: Owner,
): Promise<CredentialRow> {
  const { body } = call;
  const { name, provider, kind } = body;
  const preset = await requirePreset(call.deps, tx, provider);
  requirePresetAddress(preset, body.base_url, owner);
  // The address is stored, so that no later change of the preset sends the secret elsewhere.
  const baseUrl = body.base_url ?? preset?.baseUrl ?? null;
  const facts = { owner, name, provider, kind, settings: settingsFrom(body.settings), baseUrl };
  requireAllowed(call, facts.baseUrl, owner);
  requireSound(call, facts);
  const given = requireSecret(kind, body, preset);
  const id = newId('cred', now.getTime());
  const row = await credentials.insert(tx, {
    id,
    ...facts,
    expiresAt: body.expires_at == null ? null : new Date(body.expires_at),
    ...(await sealed(call, tx, { id, ...facts }, given)),
    createdAt: now,
    updatedAt: now,
  });
  await record({ ...eventOf(row), action: 'credential.create', before: null, after: auditedCredential(row) });
  return row;
}

export async function endOverlapOf(call: AdminCall, made: Change, id: string, owner: Owner): Promise<CredentialRow> {
  const { tx, now, record, touch } = made;
  const row = await lockOne(tx, id, owner);
  requireVersion(call, row.version);
  if (row.otherSealed === null) return row;
  const updated = await credentials.update(tx, id, NO_OTHER, now);
  const [before, after] = [auditedCredential(row), auditedCredential(updated)];
  await record({ ...eventOf(row), action: 'credential.end_overlap', before, after });
  touch(scopesOf(owner));
  return updated;
}

/** Throws 409 while a deployment uses the credential. */
export async function removeCredential(call: AdminCall, { tx, record }: Change, id: string, owner: Owner): Promise<void> {
  const row = await lockOne(tx, id, owner);
  requireVersion(call, row.version);
  const used = (await credentials.usage(tx, [id])).get(id) ?? 0;
  if (used > 0)
    throw conflict(
      `${used === 1 ? '1 deployment uses' : `${used} deployments use`} this credential. Give them another one or delete them first.`,
    );
  await credentials.remove(tx, id);
  await record({ ...eventOf(row), action: 'credential.delete', before: auditedCredential(row), after: null });
}

type PatchCall = AdminCall<unknown, unknown, PatchBody>;

export async function patchCredential(call: PatchCall, change: Change, id: string, owner: Owner): Promise<CredentialRow> {
  const { body } = call;
  const row = await lockOne(change.tx, id, owner);
  requireVersion(call, row.version);
  await requireKnownAddress(call, change, row);
  const place = await placeAfter(call, change, row);
  requireAllowed(call, place.baseUrl, owner);
  // A rule of a later version, or a setting that was taken back, must not keep people from renaming what is stored.
  if (body.settings !== undefined || body.base_url !== undefined) requireSound(call, place);
  const secret = await secretAfter(call, change, row, place);
  const columns = {
    name: body.name ?? row.name,
    baseUrl: place.baseUrl,
    settings: place.settings,
    ...(body.expires_at === undefined ? {} : { expiresAt: body.expires_at === null ? null : new Date(body.expires_at) }),
    ...secret.columns,
  };
  const before = auditedCredential(row);
  // A rotation is an event even when the new secret ends like the old one.
  const after = { ...auditedCredential({ ...row, ...columns }), ...secret.told };
  if (isUnchanged(before, after)) return row;
  const updated = await credentials.update(change.tx, id, columns, change.now);
  const action = secret.told === null ? 'credential.update' : 'credential.rotate';
  await change.record({ ...eventOf(updated), action, before, after });
  change.touch(scopesOf(owner));
  return updated;
}

/**
 * Throws 400 for a new secret of an own credential whose preset has moved, unless the body says where it goes. Who rotates a key
 * must not send it to an address that they have not seen.
 */
async function requireKnownAddress({ body }: PatchCall, { tx }: Change, row: CredentialRow): Promise<void> {
  if (body.base_url !== undefined || (body.api_key === undefined && body.secret === undefined)) return;
  const moved = (await movedPresets(tx, [row]))(row);
  if (moved !== null)
    throw invalid(
      '/base_url',
      `must be the preset's new address or null, to send the secret there: it is ${moved} now, and was ${row.baseUrl}`,
    );
}

async function placeAfter({ body, deps }: PatchCall, { tx }: Change, row: CredentialRow): Promise<SecretPlace> {
  const { id, owner, provider, kind } = row;
  const preset = body.base_url === undefined ? null : await requirePreset(deps, tx, provider);
  requirePresetAddress(preset, body.base_url, owner);
  const baseUrl = body.base_url === undefined ? row.baseUrl : (body.base_url ?? preset?.baseUrl ?? null);
  return {
    id,
    owner,
    provider,
    kind,
    baseUrl,
    settings: body.settings === undefined ? row.settings : settingsFrom(body.settings),
  };
}

interface SecretAfter {
  readonly columns: Partial<SecretColumns & OtherColumns>;
  /** The words of the audit log for a new secret; null if there is none. */
  readonly told: { readonly api_key: 'replaced' } | { readonly secret: 'replaced' } | null;
}

/** Returns what a change does to the stored secret: nothing, unless it is given again. */
async function secretAfter(call: PatchCall, change: Change, row: CredentialRow, place: SecretPlace): Promise<SecretAfter> {
  const { api_key, secret, keep_previous_hours: keepHours } = call.body;
  const isGiven = api_key !== undefined || secret !== undefined;
  if (keepHours !== undefined && !isGiven)
    throw invalid('/keep_previous_hours', 'needs a new secret beside it: `api_key` or `secret`');
  const given = isGiven || row.kind === 'ambient' ? secretOf(row.kind, call.body) : null;
  if (given === null) {
    requireSameAddress(row, place);
    return { columns: {}, told: null };
  }
  // The machine's identity is no stored secret. Its row is bound to the new address.
  if (row.kind === 'ambient')
    return { columns: isSameAddress(row, place) ? {} : await sealed(call, change.tx, place, given), told: null };
  const columns = await replaced(call, change, row, { place, given, keepHours });
  return { columns, told: api_key === undefined ? { secret: 'replaced' } : { api_key: 'replaced' } };
}

/** Returns the configuration that a change of this owner's credentials and deployments touches. */
export function scopesOf(owner: Owner) {
  return owner === credentials.PLATFORM ? { catalogue: true } : { organizationIds: [owner] };
}

async function lockOne(tx: Change['tx'], id: string, owner: Owner): Promise<CredentialRow> {
  const row = await credentials.lock(tx, id, owner);
  if (row === null) throw notFound('credential');
  return row;
}

function eventOf(row: CredentialRow) {
  return { organizationId: row.owner || null, objectType: 'credential', objectId: row.id, objectName: row.name };
}
