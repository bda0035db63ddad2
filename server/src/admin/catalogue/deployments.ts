import { z } from 'zod';
import { DEPLOYMENT_STATES } from '../../domain/routing/deployment-state.ts';
import { DEPLOYMENT_SORTS } from '../../store/catalogue/deployment-order.ts';
import type { DeploymentRow } from '../../store/catalogue/deployments.ts';
import * as deployments from '../../store/catalogue/deployments.ts';
import { dryRunQuery, effectOut } from '../access/effect.ts';
import type { AdminCall } from '../http/call.ts';
import { id, idParams } from '../http/fields.ts';
import { listQuery, pageOut, renderPage, searchOf, unpricedAt, unpricedFlag } from '../http/lists.ts';
import * as load from '../http/load.ts';
import { notFound } from '../http/problem.ts';
import { type Loaded, route } from '../http/route.ts';
import { decimalNumber, onOff, text } from '../http/schemas.ts';
import { attemptsSinceMs } from './attempts-view.ts';
import { changeCatalogue } from './catalogue-change.ts';
import { insertDeployment, patchDeployment, removeDeployment } from './deployment-changes.ts';
import { createBody, patchBody } from './deployment-fields.ts';
import { deploymentOut, providerName, viewDeployment, viewDeployments } from './deployment-view.ts';

/** Upstream models with their credential, price and capacity. The first deployment of a model makes the model's name. */

const listed = z.strictObject({
  ...listQuery,
  sort: z.enum(DEPLOYMENT_SORTS).optional().meta({
    description:
      'The order. `-` means descending. `error_rate` and `state` are those of the last hour (`attempts`); `-state` begins with failing deployments. Default: newest first.',
  }),
  model: text(200).optional(),
  provider: providerName.optional(),
  credential_id: id.optional(),
  tag: text(64).optional(),
  enabled: onOff.optional(),
  passed_over: onOff.optional().meta({
    description: 'If true, returns only deployments that requests without tags skip at some target (`passed_over_at`).',
  }),
  state: z
    .enum(DEPLOYMENT_STATES)
    .optional()
    .meta({ description: 'Returns only deployments in this state, by their attempts of the last hour.' }),
  error_rate_min: decimalNumber(0, 1).optional().meta({
    description: 'Returns only deployments of whose attempts in the last hour at least this share failed, from 0 to 1.',
  }),
  unpriced: unpricedFlag.meta({
    description:
      'If true, returns only deployments without a price in force, or whose price lacks a unit that was used without a price in the last 30 days (`unpriced_units`).',
  }),
});

export const list = route({
  summary: 'List deployments',
  description: '`search` matches the beginning of the model’s or the upstream model’s name.',
  permission: 'platform.read',
  query: listed,
  response: pageOut(deploymentOut),
  load: load.platform,
  handle: async (call) => {
    const {
      limit,
      cursor,
      sort,
      credential_id: credentialId,
      passed_over: passedOver,
      error_rate_min: errorRateMin,
      search: _,
      unpriced,
      ...filter
    } = call.query;
    const page = { limit, cursor, sort: sort ?? '-created_at', since: new Date(attemptsSinceMs(call)) } as const;
    const found = await deployments.list(
      call.deps.db,
      {
        ...filter,
        credentialId,
        passedOver,
        errorRateMin,
        unpriced: unpricedAt(unpriced, call),
        search: searchOf({ search: call.query.search }),
      },
      page,
    );
    return renderPage(found, await viewDeployments(call, found.rows));
  },
});

export const create = route({
  summary: 'Create a deployment',
  description:
    'Creates the model on first use of its name. Returns 409 if a route group has the name. If grants still name a deleted model, returns 409 with their holders until `confirm_regained_access` is true. Without `prices`, the published price list supplies them, else the newest imported list that has the upstream model; else the deployment is unpriced.',
  permission: 'catalogue.manage',
  body: createBody,
  status: 201,
  response: deploymentOut,
  load: load.platform,
  handle: async (call) => viewDeployment(call, await changeCatalogue(call, (made) => insertDeployment(call, made))),
});

export const read = route({
  summary: 'Get a deployment',
  description: 'Returns its model, provider, prices, limits and version.',
  permission: 'platform.read',
  params: idParams,
  response: deploymentOut,
  load: loadDeployment,
  handle: (call, row) => viewDeployment(call, row),
});

export const update = route({
  summary: 'Change a deployment',
  description: 'A price change creates a new version, in force now or from `effective_from`. Earlier charges do not change.',
  permission: 'catalogue.manage',
  takesIfMatch: true,
  params: idParams,
  query: dryRunQuery,
  body: patchBody,
  response: deploymentOut,
  rehearsal: effectOut,
  load: loadDeployment,
  handle: async (call, { id }) => viewDeployment(call, await changeCatalogue(call, (made) => patchDeployment(call, made, id))),
});

export const remove = route({
  summary: 'Delete a deployment',
  description:
    'Deleting the last deployment of a model also removes the model’s name; grants of it remain without effect. Returns 409 while a route group contains the deployment.',
  permission: 'catalogue.manage',
  takesIfMatch: true,
  params: idParams,
  query: dryRunQuery,
  status: 204,
  response: z.undefined(),
  rehearsal: effectOut,
  load: loadDeployment,
  handle: async (call, { id }) => {
    await changeCatalogue(call, (made) => removeDeployment(call, made, id));
    return undefined;
  },
});

export async function loadDeployment(call: AdminCall<{ readonly id: string }, unknown, unknown>): Promise<Loaded<DeploymentRow>> {
  const row = await deployments.find(call.deps.db, call.params.id);
  if (row === null) throw notFound('deployment');
  return { place: { organizationId: null }, object: row };
}
