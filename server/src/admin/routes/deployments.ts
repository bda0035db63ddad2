import { z } from 'zod';
import type { DeploymentConfig, ProviderName } from '../../domain/catalogue.ts';
import { open } from '../../lib/secrets.ts';
import * as credentials from '../../store/credentials.ts';
import type { DeploymentRow } from '../../store/deployments.ts';
import * as deployments from '../../store/deployments.ts';
import type { AdminCall } from '../call.ts';
import { changeCatalogue } from '../catalogue-change.ts';
import { insertDeployment, patchDeployment, removeDeployment } from '../deployment-changes.ts';
import { createBody, patchBody } from '../deployment-fields.ts';
import { deploymentOut, providerName, viewDeployment, viewDeployments } from '../deployment-view.ts';
import { id, idParams, instantOut } from '../fields.ts';
import { listQuery, pageOut, renderPage, searchOf } from '../lists.ts';
import * as load from '../load.ts';
import { notFound } from '../problem.ts';
import { type Loaded, route } from '../route.ts';

/** Upstream models with their credential, price and capacity. The first deployment of a model makes the model's name. */

const listed = z.strictObject({
  ...listQuery,
  sort: z.enum(['created_at', '-created_at', 'model', '-model']).optional(),
  model: z.string().max(200).optional(),
  provider: providerName.optional(),
  credential_id: id.optional(),
  tag: z.string().max(64).optional(),
  enabled: z.stringbool({ truthy: ['true'], falsy: ['false'] }).optional(),
});

export const list = route({
  summary: 'List deployments',
  description: '`search` finds by the beginning of the model’s or the upstream model’s name.',
  permission: 'platform.read',
  query: listed,
  response: pageOut(deploymentOut),
  load: load.platform,
  handle: async (call) => {
    const { limit, cursor, sort, credential_id: credentialId, search: _, ...filter } = call.query;
    const page = { limit, cursor, sort: sort ?? '-created_at' } as const;
    const found = await deployments.list(
      call.deps.db,
      { ...filter, credentialId, search: searchOf({ search: call.query.search }) },
      page,
    );
    return renderPage(found, await viewDeployments(call, found.rows));
  },
});

export const create = route({
  summary: 'Create a deployment',
  description:
    'Makes the model’s name on first use; 409 when a route group has it. A name that was deleted and is still named by grants is 409 with their holders until confirm_regained_access is true. Without `prices` the price table fills them where it knows the upstream model; else the deployment is unpriced.',
  permission: 'catalogue.manage',
  body: createBody,
  status: 201,
  response: deploymentOut,
  load: load.platform,
  handle: async (call) => viewDeployment(call, await changeCatalogue(call, (made) => insertDeployment(call, made))),
});

export const read = route({
  summary: 'Read a deployment',
  permission: 'platform.read',
  params: idParams,
  response: deploymentOut,
  load: loadDeployment,
  handle: (call, row) => viewDeployment(call, row),
});

export const update = route({
  summary: 'Change a deployment',
  description: 'A price change makes a new version, in force now or from `effective_from` on; what was charged stays.',
  permission: 'catalogue.manage',
  params: idParams,
  body: patchBody,
  response: deploymentOut,
  load: loadDeployment,
  handle: async (call, { id }) => viewDeployment(call, await changeCatalogue(call, (made) => patchDeployment(call, made, id))),
});

export const remove = route({
  summary: 'Delete a deployment',
  description:
    'The last one of a model takes the model’s name away; grants of it stay, ineffective. 409 while a route group has it.',
  permission: 'catalogue.manage',
  params: idParams,
  status: 204,
  response: z.undefined(),
  load: loadDeployment,
  handle: async (call, { id }) => {
    await changeCatalogue(call, (made) => removeDeployment(call, made, id));
    return undefined;
  },
});

export const check = route({
  summary: 'Try a deployment',
  description: 'One small live call with its own credential. It costs what that call costs and belongs to no organization.',
  permission: 'catalogue.manage',
  params: idParams,
  response: z.object({
    ok: z.boolean(),
    latency_ms: z.int(),
    status: z.int().nullable(),
    message: z.string(),
    checked_at: instantOut,
  }),
  load: loadDeployment,
  handle: async (call, row) => {
    const checked = await call.deps.upstream.checkDeployment(await configOf(call, row));
    return {
      ok: checked.ok,
      latency_ms: Math.round(checked.latencyMs),
      status: checked.status,
      message: checked.message,
      checked_at: new Date(call.deps.clock.nowMs()).toISOString(),
    };
  },
});

async function loadDeployment(call: AdminCall<{ readonly id: string }, unknown, unknown>): Promise<Loaded<DeploymentRow>> {
  const row = await deployments.find(call.deps.db, call.params.id);
  if (row === null) throw notFound('deployment');
  return { place: { organizationId: null }, object: row };
}

/** The deployment with its opened credential, for a live call. */
async function configOf(call: AdminCall, row: DeploymentRow): Promise<DeploymentConfig> {
  const credential = row.credentialId === null ? null : await credentials.find(call.deps.db, row.credentialId);
  return {
    id: row.id,
    model: row.model,
    provider: row.provider as ProviderName,
    upstreamModel: row.upstreamModel,
    mode: row.mode,
    credential:
      credential === null
        ? null
        : {
            id: credential.id,
            provider: credential.provider as ProviderName,
            baseUrl: credential.baseUrl,
            apiKey:
              credential.sealed === null ? '' : open(call.deps.keys.credentials, credential.sealed, credential.id).toString(),
          },
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
