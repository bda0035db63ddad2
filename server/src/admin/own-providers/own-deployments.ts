import { z } from 'zod';
import { DEPLOYMENT_SORTS } from '../../store/catalogue/deployment-order.ts';
import type { DeploymentRow } from '../../store/catalogue/deployments.ts';
import * as deployments from '../../store/catalogue/deployments.ts';
import { attemptsSinceMs } from '../catalogue/attempts-view.ts';
import { provider } from '../catalogue/credential-fields.ts';
import { checkedOut, checkStored } from '../catalogue/deployment-check.ts';
import { createBody, patchBody } from '../catalogue/deployment-fields.ts';
import { deploymentOut, viewDeployment, viewDeployments } from '../catalogue/deployment-view.ts';
import type { AdminCall } from '../http/call.ts';
import { id, idParams } from '../http/fields.ts';
import { listQuery, pageOut, renderPage, searchOf } from '../http/lists.ts';
import * as load from '../http/load.ts';
import { conflict, notFound } from '../http/problem.ts';
import { type Loaded, route } from '../http/route.ts';
import { onOff, text } from '../http/schemas.ts';
import { changeOwn } from './own-credentials.ts';
import { insertOwn, patchOwn, removeOwn, requireCallable } from './own-deployment-changes.ts';
import { OWN_DEPLOYMENTS_MAX } from './own-providers.ts';

/** Deployments that an organization brings for its own requests. They serve models of the catalogue that it may call. */

const { confirm_regained_access: _, ...fields } = createBody.shape;
/** An own deployment calls a provider with an own credential. It makes no name, so nobody regains access to one. */
const ownBody = z.strictObject({ ...fields, provider, credential_id: id });

export const list = route({
  summary: 'List own deployments',
  description: 'Returns the deployments that the organization brought.',
  permission: 'own_providers.manage',
  params: idParams,
  query: z.strictObject({
    search: listQuery.search,
    limit: listQuery.limit,
    cursor: listQuery.cursor,
    sort: z
      .enum(DEPLOYMENT_SORTS)
      .optional()
      .meta({ description: 'The order, as in `GET /deployments`. Default: newest first.' }),
    model: text(200).optional(),
    credential_id: id.optional(),
    enabled: onOff.optional(),
  }),
  response: pageOut(deploymentOut),
  load: load.organization,
  handle: async (call, { id: owner }) => {
    const { limit, cursor, sort = '-created_at', model, enabled, credential_id: credentialId, search } = call.query;
    const filter = { owner, model, enabled, credentialId, search: searchOf({ search }) };
    const page = { limit, cursor, sort, since: new Date(attemptsSinceMs(call)) } as const;
    const found = await deployments.list(call.deps.db, filter, page);
    return renderPage(found, await viewDeployments(call, found.rows));
  },
});

export const create = route({
  summary: 'Create an own deployment',
  description:
    'Only requests of this organization use it. `model` is a model of the catalogue that the organization may call; no model is made, and an own deployment is never a member of a route group. `credential_id` names an own credential. The price is that of the published list; `prices` may be given only if the list does not know the upstream model. Returns 409 if the organization has 200 already.',
  permission: 'own_providers.manage',
  params: idParams,
  body: ownBody,
  status: 201,
  response: deploymentOut,
  load: load.organization,
  handle: async (call, organization) => {
    await requireCallable(call, organization);
    const created = await changeOwn(call, organization.id, async (made) => {
      if ((await deployments.countOf(made.tx, organization.id)) >= OWN_DEPLOYMENTS_MAX)
        throw conflict(`There are ${OWN_DEPLOYMENTS_MAX} own deployments already, the most allowed. Delete one first.`);
      return insertOwn(call, made, organization.id);
    });
    return viewDeployment(call, created);
  },
});

export const read = route({
  summary: 'Get an own deployment',
  description: 'Returns one deployment of an organization with its price and version.',
  permission: 'own_providers.manage',
  params: idParams,
  response: deploymentOut,
  load: loadOwnDeployment,
  handle: (call, row) => viewDeployment(call, row),
});

export const update = route({
  summary: 'Change an own deployment',
  description: 'Another `upstream_model` takes the list price of that model. Earlier charges do not change.',
  permission: 'own_providers.manage',
  takesIfMatch: true,
  params: idParams,
  body: patchBody,
  response: deploymentOut,
  load: loadOwnDeployment,
  handle: async (call, { id, owner }) =>
    viewDeployment(call, await changeOwn(call, owner, (made) => patchOwn(call, made, id, owner))),
});

export const remove = route({
  summary: 'Delete an own deployment',
  description: 'The model stays. Its requests stay marked as made with an own deployment.',
  permission: 'own_providers.manage',
  takesIfMatch: true,
  params: idParams,
  status: 204,
  response: z.undefined(),
  load: loadOwnDeployment,
  handle: async (call, { id, owner }) => {
    await changeOwn(call, owner, (made) => removeOwn(call, made, id, owner));
    return undefined;
  },
});

export const check = route({
  summary: 'Test an own deployment',
  callsProvider: true,
  description: 'Makes one small live call with its own credential. The provider bills it to the owner of that credential.',
  permission: 'own_providers.manage',
  params: idParams,
  response: checkedOut,
  load: loadOwnDeployment,
  handle: (call, row) => checkStored(call, row),
});

async function loadOwnDeployment(call: AdminCall<{ readonly id: string }, unknown, unknown>): Promise<Loaded<DeploymentRow>> {
  const row = await deployments.findOwn(call.deps.db, call.params.id);
  if (row === null) throw notFound('object');
  return { place: { organizationId: row.owner }, object: row };
}
