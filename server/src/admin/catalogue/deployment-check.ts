import { z } from 'zod';
import type { DeploymentConfig } from '../../domain/routing/catalogue.ts';
import * as credentials from '../../store/catalogue/credentials.ts';
import * as checks from '../../store/catalogue/deployment-checks.ts';
import type { DeploymentRow } from '../../store/catalogue/deployments.ts';
import type { AdminCall } from '../http/call.ts';
import { idParams, instantOut } from '../http/fields.ts';
import * as load from '../http/load.ts';
import { invalid } from '../http/problem.ts';
import { route } from '../http/route.ts';
import { callsOut, renderCalls } from './call-view.ts';
import { deploymentConfig } from './deployment-config.ts';
import { columnsOf, createBody, NEW_DEPLOYMENT } from './deployment-fields.ts';
import { loadDeployment } from './deployments.ts';
import { openCredential } from './open-credential.ts';

/** Live calls that try a deployment, before or after it is stored. The last call of a stored one is remembered. */

export const checkedOut = z
  .object({
    ok: z.boolean(),
    latency_ms: z.int(),
    status: z.int().nullable(),
    message: z.string(),
    checked_at: instantOut,
    calls: callsOut,
  })
  .meta({ id: 'DeploymentCheck' });

export const check = route({
  summary: 'Test a deployment',
  callsProvider: true,
  description:
    'Makes one small live call with the deployment’s own credential. The provider bills it as usual; no organization is charged. The deployment shows the result as `last_check`.',
  permission: 'catalogue.manage',
  params: idParams,
  response: checkedOut,
  load: loadDeployment,
  handle: (call, row) => checkStored(call, row),
});

/** Makes one live call with a stored deployment and the credential of its owner, and remembers the result. */
export async function checkStored(call: AdminCall, row: DeploymentRow) {
  const checked = await tried(call, deploymentConfig(row, await storedCredential(call, row.credentialId, row.owner)));
  await remember(call, row.id, checked);
  return checked;
}

export const checkUnsaved = route({
  summary: 'Test a deployment before creating it',
  callsProvider: true,
  description: 'Takes the same body as `POST /deployments` and makes one small live call. Stores nothing.',
  permission: 'catalogue.manage',
  body: createBody,
  response: checkedOut,
  load: load.platform,
  handle: async (call) => {
    const { body } = call;
    const row = { id: 'dep_unsaved', upstreamModel: body.upstream_model, ...body, ...columnsOf(body, NEW_DEPLOYMENT) };
    const credential = await storedCredential(call, row.credentialId, credentials.PLATFORM);
    if (body.provider !== 'fake' && credential?.provider !== body.provider) {
      throw invalid('/credential_id', `must name a credential for ${body.provider}`);
    }
    return tried(call, deploymentConfig(row, credential));
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
    calls: renderCalls(checked.calls ?? []),
  };
}

const MESSAGE_LENGTH_MAX = 500;

function remember({ deps, actor }: AdminCall, deploymentId: string, checked: z.output<typeof checkedOut>): Promise<void> {
  return checks.put(deps.db, {
    deploymentId,
    checkedAt: new Date(checked.checked_at),
    actorKind: actor.kind,
    actorId: actor.id,
    actorName: actor.name,
    ok: checked.ok,
    latencyMs: checked.latency_ms,
    status: checked.status,
    message: checked.message.slice(0, MESSAGE_LENGTH_MAX),
  });
}

async function storedCredential(call: AdminCall<unknown, unknown, unknown>, id: string | null, owner: string) {
  const row = id === null ? null : await credentials.find(call.deps.db, id, owner);
  return row === null ? null : openCredential(call.deps, row);
}
