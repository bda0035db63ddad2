import { z } from 'zod';
import { type Canary, canaryFrom } from '../../domain/routing/canary.ts';
import type { DeploymentMode } from '../../domain/routing/catalogue.ts';
import { mirrorFrom } from '../../domain/routing/mirror.ts';
import * as deployments from '../../store/catalogue/deployments.ts';
import { FALLBACKS_MAX, requireTargets } from '../access/target-names.ts';
import type { Change } from '../http/change.ts';
import { id, modelName } from '../http/fields.ts';
import { invalid } from '../http/problem.ts';

/** The targets beside the fallbacks of a model or a route group: for requests that are too long, or that were refused. */

const CONTEXT_WORDS =
  'The models and route groups for requests that are too long, in order: if all deployments declare a smaller context window, or the provider says so. The key needs access to each.';

const POLICY_WORDS =
  'The models and route groups for requests that a provider’s content filter or the model refused before any output, in order. Both attempts are charged. The key needs access to each.';

const percent = z.number().min(0).max(100).multipleOf(0.1);
const place = z.union([z.strictObject({ deployment_id: id, percent }), z.strictObject({ target: modelName, percent })]);
const canary = place.meta({
  description:
    'The share of sessions, else of requests, that goes first to one deployment of this name, or to another model or route group, in steps of 0.1 percent. A session stays on its side, also while the share grows. The others reach the deployment only after all others failed. A key without access to the target has no canary.',
});

const MIRROR_WORDS =
  'The share of sessions, else of requests, of which a copy goes to a deployment, or to another model or route group, in steps of 0.1 percent. Nobody gets the answers to copies, and the platform pays for them. Only requests of organizations with `mirroring` set to `allow` are copied, and none whose organization’s own deployments can serve. A deployment must carry the tags that chose the original’s, and all required ones. The key needs no access to it.';
const mirror = place.meta({ description: MIRROR_WORDS });

export const detourFields = {
  canary: canary.nullish(),
  mirror: mirror.nullish(),
  context_fallbacks: z.array(modelName).max(FALLBACKS_MAX).nullish().meta({ description: CONTEXT_WORDS }),
  policy_fallbacks: z.array(modelName).max(FALLBACKS_MAX).nullish().meta({ description: POLICY_WORDS }),
};

const placeOut = z.object({ deployment_id: z.string().nullable(), target: z.string().nullable(), percent: z.number() });

export const detoursOut = {
  canary: placeOut
    .nullable()
    .meta({ description: 'The share of sessions that goes to a deployment or a target first. One of the two is null.' }),
  mirror: placeOut
    .nullable()
    .meta({ description: 'The share of sessions of which a copy goes to a deployment or a target. One of the two is null.' }),
  context_fallbacks: z.array(z.string()).meta({ description: CONTEXT_WORDS }),
  policy_fallbacks: z.array(z.string()).meta({ description: POLICY_WORDS }),
};

interface DetoursBody {
  readonly canary?: z.output<typeof place> | null | undefined;
  readonly mirror?: z.output<typeof place> | null | undefined;
  readonly context_fallbacks?: readonly string[] | null | undefined;
  readonly policy_fallbacks?: readonly string[] | null | undefined;
}

export interface DetourColumns {
  /** As stored: canaryFrom reads it. */
  readonly canary: unknown;
  /** As stored: mirrorFrom reads it. */
  readonly mirror: unknown;
  readonly contextFallbacks: readonly string[];
  readonly policyFallbacks: readonly string[];
}

export const NO_DETOURS: DetourColumns = { contextFallbacks: [], policyFallbacks: [], canary: null, mirror: null };

/** Returns the columns after a PATCH: an absent field keeps the stored list, and null empties it. */
export function patchedDetours(stored: DetourColumns, body: DetoursBody) {
  const after = (list: readonly string[] | null | undefined, kept: readonly string[]) => [
    ...(list === undefined ? kept : (list ?? [])),
  ];
  return {
    contextFallbacks: after(body.context_fallbacks, stored.contextFallbacks),
    policyFallbacks: after(body.policy_fallbacks, stored.policyFallbacks),
    canary: body.canary === undefined ? canaryFrom(stored.canary) : canaryOf(body.canary),
    mirror: body.mirror === undefined ? mirrorFrom(stored.mirror) : canaryOf(body.mirror),
  };
}

/** Returns the canary or the mirror that a body says. */
export function canaryOf(body: DetoursBody['canary']): Canary | null {
  if (body === null || body === undefined) return null;
  const permille = Math.round(body.percent * 10);
  return 'target' in body ? { target: body.target, permille } : { deploymentId: body.deployment_id, permille };
}

export function renderDetours({ contextFallbacks, policyFallbacks, canary: stored, mirror: copied }: DetourColumns) {
  return {
    context_fallbacks: [...contextFallbacks],
    policy_fallbacks: [...policyFallbacks],
    canary: renderCanary(canaryFrom(stored)),
    mirror: renderCanary(mirrorFrom(copied)),
  };
}

function renderCanary(canary: Canary | null) {
  if (canary === null) return null;
  const percent = canary.permille / 10;
  return 'target' in canary
    ? { deployment_id: null, target: canary.target, percent }
    : { deployment_id: canary.deploymentId, target: null, percent };
}

/**
 * Throws 400 for each listed name that is unknown, listed twice, of another mode, or the target's own, and for a canary whose
 * deployment is not among `deploymentIds`, those of the target after the change.
 */
export async function requireDetours(
  made: Change,
  target: { readonly name: string; readonly mode: DeploymentMode | null },
  body: DetoursBody,
  after: { readonly canary: Canary | null; readonly deploymentIds: readonly string[] },
): Promise<void> {
  await requireTargets(made, target, body.context_fallbacks ?? [], 'context_fallbacks');
  await requireTargets(made, target, body.policy_fallbacks ?? [], 'policy_fallbacks');
  if (body.canary && 'target' in body.canary) await requireTargets(made, target, [body.canary.target], 'canary');
  if (body.mirror && 'target' in body.mirror) await requireTargets(made, target, [body.mirror.target], 'mirror');
  if (body.mirror && 'deployment_id' in body.mirror) await requireMirrored(made, target.mode, body.mirror.deployment_id);
  const { canary, deploymentIds } = after;
  if (canary !== null && 'deploymentId' in canary && !deploymentIds.includes(canary.deploymentId))
    throw invalid(
      '/canary/deployment_id',
      'must be a deployment of this name. Remove the canary first, or name another deployment',
    );
}

/** Throws 400 for a deployment that is not one of the platform's of this mode. An organization's own never get copies of others. */
async function requireMirrored({ tx }: Change, mode: DeploymentMode | null, deploymentId: string): Promise<void> {
  const [row] = await deployments.findMany(tx, [deploymentId]);
  if (row === undefined || row.owner !== '') throw invalid('/mirror/deployment_id', 'is no deployment of the platform');
  if (mode !== null && row.mode !== mode) throw invalid('/mirror/deployment_id', `serves ${row.mode}, and this name ${mode}`);
}

/** Returns the body that sets these columns. */
export function bodyOfDetours(columns: DetourColumns) {
  const { canary: shown, mirror: copied, ...lists } = renderDetours(columns);
  return { ...lists, canary: bodyOfPlace(shown), mirror: bodyOfPlace(copied) };
}

function bodyOfPlace(shown: ReturnType<typeof renderCanary>) {
  if (shown === null) return null;
  const { deployment_id, target, percent } = shown;
  return target === null ? { deployment_id: deployment_id ?? '', percent } : { target, percent };
}
