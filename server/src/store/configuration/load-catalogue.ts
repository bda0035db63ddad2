import { and, asc, desc, eq, isNull } from 'drizzle-orm';
import type { Preset } from '../../domain/presets/preset.ts';
import { canaryFrom } from '../../domain/routing/canary.ts';
import type { CallableTarget, Catalogue, DeploymentConfig, ProviderName } from '../../domain/routing/catalogue.ts';
import type { CredentialConfig } from '../../domain/routing/credential.ts';
import { mirrorFrom } from '../../domain/routing/mirror.ts';
import { PLATFORM } from '../catalogue/credentials.ts';
import { withState } from '../catalogue/deployments.ts';
import type { Database } from '../database.ts';
import { withStrategy } from '../schema/strategy-columns.ts';
import {
  accessGroups,
  credentials,
  deployments,
  models,
  presets as presetTable,
  prices,
  routeGroupMembers,
  routeGroups,
  targetLabels,
} from '../schema.ts';
import { CATALOGUE_SCOPE, configVersions } from './config-versions.ts';
import { deploymentsFrom, type OnUnreadable, type OpenCredential } from './load-deployments.ts';
import { presetsFrom, withPreset } from './preset-credentials.ts';

/** Returns a credential without its secret, for what only needs to know what is configured. */
export function withoutSecret({
  id,
  owner,
  provider,
  kind,
  settings,
  baseUrl,
}: typeof credentials.$inferSelect): CredentialConfig {
  return Object.freeze({
    id,
    organizationId: owner || null,
    provider: provider as ProviderName,
    kind,
    settings: Object.freeze({ ...settings }),
    baseUrl,
    apiKey: '',
  });
}

/**
 * Loads the platform's catalogue in one snapshot. Its version is that of the scope `catalogue`. An organization's own deployments
 * are not in it: they are loaded with the organization.
 *
 * `shipped`: the presets of this version. Null for what only needs to know what is configured: credentials then have no preset.
 */
export async function loadCatalogue(
  db: Database,
  openCredential: OpenCredential,
  onUnreadable: OnUnreadable = () => {},
  shipped: readonly Preset[] | null = null,
): Promise<Catalogue> {
  const rows = await db.transaction(readRows, { isolationLevel: 'repeatable read', accessMode: 'read only' });
  const presets = presetsFrom(rows.presets, shipped ?? [], onUnreadable);
  const opening = shipped === null ? openCredential : withPreset(openCredential, presets, new Set());
  const byId = deploymentsFrom(rows, opening, onUnreadable);
  const labels = groupBy(rows.labels, (row) => row.targetName);
  const targets = [...modelTargets(rows, byId), ...routeGroupTargets(rows, byId)].map((target) => {
    const labelled = new Set(labels.get(target.name)?.map((row) => row.accessGroup));
    return [target.name, Object.freeze({ ...target, accessGroups: labelled })] as const;
  });
  return Object.freeze({ version: rows.version, targets: new Map(targets), accessGroups: membersOfGroups(rows), presets });
}

type Rows = Awaited<ReturnType<typeof readRows>>;
type Target = Omit<CallableTarget, 'accessGroups'>;

async function readRows(tx: Database) {
  return {
    version: (await configVersions(tx, [CATALOGUE_SCOPE])).get(CATALOGUE_SCOPE) ?? 0,
    credentials: await tx.select().from(credentials).where(eq(credentials.owner, PLATFORM)),
    deployments: (
      await tx
        .select()
        .from(deployments)
        .where(and(eq(deployments.owner, PLATFORM), isNull(deployments.deletedAt)))
        .orderBy(asc(deployments.id))
    ).map(withState),
    prices: await tx.select().from(prices).orderBy(desc(prices.effectiveFrom), desc(prices.id)),
    models: (await tx.select().from(models)).map(withStrategy),
    routeGroups: (await tx.select().from(routeGroups)).map(withStrategy),
    members: await tx.select().from(routeGroupMembers).orderBy(asc(routeGroupMembers.deploymentId)),
    presets: await tx.select().from(presetTable),
    accessGroups: await tx.select({ key: accessGroups.key }).from(accessGroups),
    labels: await tx.select().from(targetLabels),
  };
}

/** Returns the models as targets. Every deployment with a model's name serves it. */
function modelTargets(rows: Rows, byId: ReadonlyMap<string, DeploymentConfig>): Target[] {
  const byModel = groupBy([...byId.values()], (deployment) => deployment.model);
  return rows.models.map((row) => ({
    name: row.name,
    kind: 'model',
    mode: row.mode,
    strategy: row.strategy,
    sticky: row.sticky,
    cacheSeconds: row.cacheSeconds,
    members: Object.freeze((byModel.get(row.name) ?? []).map((deployment) => memberOf(deployment, deployment))),
    fallbacks: Object.freeze(row.fallbacks),
    contextFallbacks: Object.freeze(row.contextFallbacks),
    policyFallbacks: Object.freeze(row.policyFallbacks),
    canary: canaryFrom(row.canary),
    mirror: mirrorFrom(row.mirror),
  }));
}

/** Returns the route groups as targets. Members have the group's own weights and priorities, not those of the deployments. */
function routeGroupTargets(rows: Rows, byId: ReadonlyMap<string, DeploymentConfig>): Target[] {
  const byGroup = groupBy(rows.members, (row) => row.routeGroupId);
  return rows.routeGroups.map((row) => {
    const members = (byGroup.get(row.id) ?? []).flatMap((member) => {
      const deployment = byId.get(member.deploymentId);
      return deployment === undefined ? [] : [memberOf(deployment, member)];
    });
    return {
      name: row.key,
      kind: 'route_group',
      mode: members[0]?.deployment.mode ?? 'chat',
      strategy: row.strategy,
      sticky: row.sticky,
      cacheSeconds: row.cacheSeconds,
      members: Object.freeze(members),
      fallbacks: Object.freeze(row.fallbacks),
      contextFallbacks: Object.freeze(row.contextFallbacks),
      policyFallbacks: Object.freeze(row.policyFallbacks),
      canary: canaryFrom(row.canary),
      mirror: mirrorFrom(row.mirror),
    };
  });
}

function memberOf(deployment: DeploymentConfig, { weight, priority }: { weight: number; priority: number }) {
  return Object.freeze({ deployment, weight, priority });
}

/** Returns the members of each access group. Includes empty groups, because a grant of one is already valid. */
function membersOfGroups(rows: Rows): ReadonlyMap<string, ReadonlySet<string>> {
  const byGroup = groupBy(rows.labels, (row) => row.accessGroup);
  return new Map(rows.accessGroups.map(({ key }) => [key, new Set(byGroup.get(key)?.map((row) => row.targetName))]));
}

function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): ReadonlyMap<string, T[]> {
  return Map.groupBy(items, keyOf);
}
