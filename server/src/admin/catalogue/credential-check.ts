import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import type { CredentialConfig } from '../../domain/routing/credential.ts';
import { isRefusal, type UpstreamModels } from '../../providers/provider.ts';
import * as checks from '../../store/catalogue/credential-checks.ts';
import * as credentials from '../../store/catalogue/credentials.ts';
import { ForeignKeyViolation, storeErrorFrom } from '../../store/errors.ts';
import type { AdminCall } from '../http/call.ts';
import { id, idParams } from '../http/fields.ts';
import * as load from '../http/load.ts';
import { invalid } from '../http/problem.ts';
import { route } from '../http/route.ts';
import { lacks, never } from '../http/schemas.ts';
import { apiKey, baseUrl, CODED, kind, provider, secret, settings, settingsFrom } from './credential-fields.ts';
import { requireAllowed, requireSameAddress, requireSecret, requireSound } from './credential-input.ts';
import { loadCredential } from './credentials.ts';
import { requirePreset, requirePresetAddress } from './known-presets.ts';
import { openCredential } from './open-credential.ts';

/** Live calls that try a credential and ask its provider for models. The key is never shown. */

export const checkBody = z
  .strictObject({
    provider,
    kind: kind
      .optional()
      .meta({ description: 'The kind of the secret; `api_key`, or that of the stored credential, if absent.' }),
    settings: settings.optional(),
    api_key: apiKey.optional(),
    secret: secret.optional(),
    base_url: baseUrl,
    credential_id: id
      .optional()
      .meta({ description: 'The credential whose stored secret is used if `api_key` and `secret` are absent.' }),
  })
  .meta({
    ...never(
      { required: ['api_key', 'secret'] },
      {
        ...lacks('api_key', 'secret', 'credential_id'),
        properties: { kind: { not: { const: 'ambient' } }, provider: { enum: CODED } },
      },
    ),
    'x-example': { provider: 'openai', api_key: 'sk-0123456789abcdef', base_url: null },
  });
export type CheckCall = AdminCall<unknown, unknown, z.output<typeof checkBody>>;

const models = z
  .array(z.string())
  .nullable()
  .meta({ description: 'The vendor’s model names, sorted. Null if the provider did not list them.' });

export const checkedOut = z.object({ ok: z.boolean(), latency_ms: z.int(), message: z.string().nullable(), models });

export const check = route({
  summary: 'Test a credential before storing it',
  callsProvider: true,
  description:
    'Makes one live call for the list of models, which costs nothing. A stored secret is sent only to its stored address. While two secrets of it count, the newer one is tried. The result for a stored credential is its `last_check`, unless the provider refuses it for the first time: the hourly check notes and announces that.',
  permission: 'catalogue.manage',
  body: checkBody,
  response: checkedOut,
  load: load.platform,
  handle: (call) => checkCredential(call, credentials.PLATFORM),
});

/** Tries a credential of this owner, stored or not. */
export async function checkCredential(call: CheckCall, owner: string) {
  const { credential, isStored } = await credentialOf(call, owner);
  const startedMs = call.deps.clock.monotonicMs();
  const answer = await call.deps.upstream.listModels({ ...credential, organizationId: owner || null });
  const latency_ms = Math.round(call.deps.clock.monotonicMs() - startedMs);
  if (isStored) await remember(call, credential.id, answer);
  return answer.ok
    ? { ok: true, latency_ms, message: null, models: [...answer.models] }
    : { ok: false, latency_ms, message: answer.message, models: null };
}

export const listModels = route({
  summary: 'List the models that a credential can call',
  callsProvider: true,
  description: 'Makes one live call. `models` is null, with the reason in `message`, if the provider does not list them.',
  permission: 'catalogue.manage',
  params: idParams,
  response: z.object({ models, message: z.string().nullable() }),
  load: loadCredential,
  handle: async (call, row) => {
    const answer = await call.deps.upstream.listModels(openCredential(call.deps, row));
    return answer.ok ? { models: [...answer.models], message: null } : { models: null, message: answer.message };
  },
});

/**
 * Keeps the result as the credential's last check. Since when a provider refuses a credential is the hourly check's to say, because
 * it announces each beginning and end of it once.
 */
export async function remember({ deps }: Pick<CheckCall, 'deps'>, credentialId: string, answer: UpstreamModels): Promise<void> {
  const isFirstRefusal = !answer.ok && isRefusal(answer.status) && !(await checks.isFailing(deps.db, credentialId));
  if (isFirstRefusal || (!answer.ok && answer.isUnasked === true)) return;
  const checkedAt = new Date(deps.clock.nowMs());
  const result = { credentialId, checkedAt, ok: answer.ok, message: answer.ok ? null : answer.message };
  await checks.note(deps.db, result).catch((error: unknown) => {
    // The credential was deleted during the call.
    if (!(storeErrorFrom(error) instanceof ForeignKeyViolation)) throw error;
  });
}

async function credentialOf(
  call: CheckCall,
  owner: string,
): Promise<{ readonly credential: CredentialConfig; readonly isStored: boolean }> {
  const { body } = call;
  if (body.credential_id !== undefined && body.api_key === undefined && body.secret === undefined)
    return storedCredential(call, body.credential_id, owner);
  const { provider, kind = 'api_key' } = body;
  const preset = await requirePreset(call.deps, call.deps.db, provider);
  requirePresetAddress(preset, body.base_url, owner);
  const baseUrl = body.base_url ?? preset?.baseUrl ?? null;
  const facts = { owner, provider, kind, settings: settingsFrom(body.settings), baseUrl };
  requireAllowed(call, facts.baseUrl, owner);
  const isKeyless = preset?.auth === 'none';
  if (kind === 'api_key' && !isKeyless && body.api_key === undefined && body.secret === undefined)
    throw invalid('/api_key', 'is required unless `credential_id` names a stored credential');
  requireSound(call, facts);
  const { apiKey, secret } = requireSecret(kind, body, preset);
  return { credential: { id: 'cred_unsaved', ...facts, apiKey, secret }, isStored: false };
}

async function storedCredential(call: CheckCall, credentialId: string, owner: string) {
  const { body, deps } = call;
  const row = await credentials.find(deps.db, credentialId, owner);
  if (row === null) throw invalid('/credential_id', 'there is no credential with this id');
  if (row.provider !== body.provider)
    throw invalid('/credential_id', `is a credential for ${row.provider}, not for ${body.provider}`);
  if (body.kind !== undefined && body.kind !== row.kind)
    throw invalid('/kind', `must be ${row.kind}, as the stored credential is`);
  const { id, provider, kind } = row;
  const usual = async () => (await requirePreset(deps, deps.db, provider))?.baseUrl ?? null;
  const baseUrl = body.base_url === undefined ? row.baseUrl : (body.base_url ?? (await usual()));
  const settings = body.settings === undefined ? row.settings : settingsFrom(body.settings);
  const place = { id, owner, provider, kind, baseUrl, settings };
  // Live requests use what is stored, so it may be tried even if it could not be stored today.
  if (baseUrl !== row.baseUrl) requireAllowed(call, baseUrl, owner);
  const isStored = baseUrl === row.baseUrl && isDeepStrictEqual(settings, row.settings);
  if (!isStored) requireSound(call, place);
  requireSameAddress(row, place);
  return { credential: { ...openCredential(deps, row), baseUrl, settings }, isStored };
}
