import { z } from 'zod';
import type { DeploymentConfig, ProviderName } from '../../domain/catalogue.ts';
import * as credentials from '../../store/credentials.ts';
import type { DeploymentRow } from '../../store/deployments.ts';
import type { AdminCall } from '../call.ts';
import { columnsOf, createBody, NEW_DEPLOYMENT } from '../deployment-fields.ts';
import { idParams, instantOut } from '../fields.ts';
import * as load from '../load.ts';
import { openCredential } from '../open-credential.ts';
import { invalid } from '../problem.ts';
import { route } from '../route.ts';
import { loadDeployment } from './deployments.ts';

/** Live calls that try a deployment, one that is stored or one that may be. */

const checkedOut = z
  .object({
    ok: z.boolean(),
    latency_ms: z.int(),
    status: z.int().nullable(),
    message: z.string(),
    checked_at: instantOut,
  })
  .meta({ id: 'DeploymentCheck' });

export const check = route({
  summary: 'Try a deployment',
  description: 'One small live call with its own credential. It costs what that call costs and belongs to no organization.',
  permission: 'catalogue.manage',
  params: idParams,
  response: checkedOut,
  load: loadDeployment,
  handle: async (call, row) => tried(call, configOf(row, await storedCredential(call, row.credentialId))),
});

export const checkUnsaved = route({
  summary: 'Try a deployment before it is made',
  description: 'The body is that of a creation. One small live call; nothing is stored.',
  permission: 'catalogue.manage',
  body: createBody,
  response: checkedOut,
  load: load.platform,
  handle: async (call) => {
    const { body } = call;
    const row = { id: 'dep_unsaved', upstreamModel: body.upstream_model, ...body, ...columnsOf(body, NEW_DEPLOYMENT) };
    const credential = await storedCredential(call, row.credentialId);
    if (body.provider !== 'fake' && credential?.provider !== body.provider) {
      throw invalid('/credential_id', `a deployment at ${body.provider} needs one of its credentials`);
    }
    return tried(call, configOf(row, credential));
  },
});

async function tried(call: AdminCall<unknown, unknown, unknown>, deployment: DeploymentConfig) {
  const checked = await call.deps.upstream.checkDeployment(deployment);
  return {
    ok: checked.ok,
    latency_ms: Math.round(checked.latencyMs),
    status: checked.status,
    message: checked.message,
    checked_at: new Date(call.deps.clock.nowMs()).toISOString(),
  };
}

async function storedCredential(call: AdminCall<unknown, unknown, unknown>, id: string | null) {
  const row = id === null ? null : await credentials.find(call.deps.db, id);
  return row === null ? null : openCredential(call.deps, row);
}

type Columns = Pick<
  DeploymentRow,
  | 'id'
  | 'model'
  | 'provider'
  | 'upstreamModel'
  | 'mode'
  | 'rpm'
  | 'tpm'
  | 'weight'
  | 'priority'
  | 'tags'
  | 'maxOutputTokens'
  | 'timeoutMs'
  | 'enabled'
>;

/** The deployment with its opened credential, for a live call. */
function configOf(row: Columns, credential: DeploymentConfig['credential']): DeploymentConfig {
  return {
    id: row.id,
    model: row.model,
    provider: row.provider as ProviderName,
    upstreamModel: row.upstreamModel,
    mode: row.mode,
    credential,
    prices: [],
    limits: { rpm: row.rpm, tpm: row.tpm },
    weight: row.weight,
    priority: row.priority,
    tags: row.tags,
    maxOutputTokens: row.maxOutputTokens,
    timeoutMs: row.timeoutMs,
    enabled: row.enabled,
  };
}
