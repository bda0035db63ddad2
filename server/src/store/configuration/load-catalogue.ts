import { asc, desc, isNull } from 'drizzle-orm';
import type { Price } from '../../domain/money/price.ts';
import { isPrice } from '../../domain/money/price-units.ts';
import type { CallableTarget, Catalogue, DeploymentConfig, ProviderName } from '../../domain/routing/catalogue.ts';
import type { CredentialConfig } from '../../domain/routing/credential.ts';
import type { Database } from '../database.ts';
import { withStrategy } from '../schema/strategy-columns.ts';
import {
  accessGroups,
  credentials,
  deployments,
  models,
  prices,
  routeGroupMembers,
  routeGroups,
  targetLabels,
} from '../schema.ts';
import { CATALOGUE_SCOPE, configVersions } from './config-versions.ts';

/** Opens a stored credential. Throws if it may not be used, for example because it cannot be decrypted. */
export type OpenCredential = (row: typeof credentials.$inferSelect) => CredentialConfig;

/** Returns a credential without its secret, for what only needs to know what is configured. */
export function withoutSecret({ id, provider, kind, settings, baseUrl }: typeof credentials.$inferSelect): CredentialConfig {
  return Object.freeze({
    id,
    provider: provider as ProviderName,
    kind,
    settings: Object.freeze({ ...settings }),
    baseUrl,
    apiKey: '',
  });
}

/** Called for a row that cannot be read, with its id. */
export type OnUnreadable = (what: 'credential' | 'price', id: string, error: unknown) => void;

/**
 * Loads the catalogue in one snapshot. Its version is that of the scope `catalogue`. An unreadable row affects only its
 * deployment: one whose credential may not be used is disabled, and an invalid price leaves its deployment unpriced.
 */
export async function loadCatalogue(
  db: Database,
  openCredential: OpenCredential,
  onUnreadable: OnUnreadable = () => {},
): Promise<Catalogue> {
  const rows = await db.transaction(readRows, { isolationLevel: 'repeatable read', accessMode: 'read only' });
  const byId = deploymentsFrom(rows, openCredential, onUnreadable);
  const labels = groupBy(rows.labels, (row) => row.targetName);
  const targets = [...modelTargets(rows, byId), ...routeGroupTargets(rows, byId)].map((target) => {
    const labelled = new Set(labels.get(target.name)?.map((row) => row.accessGroup));
    return [target.name, Object.freeze({ ...target, accessGroups: labelled })] as const;
  });
  return Object.freeze({ version: rows.version, targets: new Map(targets), accessGroups: membersOfGroups(rows) });
}

type Rows = Awaited<ReturnType<typeof readRows>>;
type Target = Omit<CallableTarget, 'accessGroups'>;

async function readRows(tx: Database) {
  return {
    version: (await configVersions(tx, [CATALOGUE_SCOPE])).get(CATALOGUE_SCOPE) ?? 0,
    credentials: await tx.select().from(credentials),
    deployments: await tx.select().from(deployments).where(isNull(deployments.deletedAt)).orderBy(asc(deployments.id)),
    prices: await tx.select().from(prices).orderBy(desc(prices.effectiveFrom), desc(prices.id)),
    models: (await tx.select().from(models)).map(withStrategy),
    routeGroups: (await tx.select().from(routeGroups)).map(withStrategy),
    members: await tx.select().from(routeGroupMembers).orderBy(asc(routeGroupMembers.deploymentId)),
    accessGroups: await tx.select({ key: accessGroups.key }).from(accessGroups),
    labels: await tx.select().from(targetLabels),
  };
}

function deploymentsFrom(
  rows: Rows,
  openCredential: OpenCredential,
  onUnreadable: OnUnreadable,
): ReadonlyMap<string, DeploymentConfig> {
  const opened = new Map(rows.credentials.map((row) => [row.id, credentialFrom(row, openCredential, onUnreadable)]));
  const priced = groupBy(rows.prices, (row) => row.deploymentId);
  return new Map(
    rows.deployments.map((row) => {
      const credential = row.credentialId === null ? null : (opened.get(row.credentialId) ?? 'unreadable');
      const prices = (priced.get(row.id) ?? []).map((price) => priceFrom(price, onUnreadable));
      return [row.id, deploymentFrom(row, credential, prices)];
    }),
  );
}

/** Returns null if the credential may not be used. */
function credentialFrom(
  row: Rows['credentials'][number],
  openCredential: OpenCredential,
  onUnreadable: OnUnreadable,
): CredentialConfig | null {
  try {
    return openCredential(row);
  } catch (error) {
    onUnreadable('credential', row.id, error);
    return null;
  }
}

function deploymentFrom(
  row: Rows['deployments'][number],
  credential: CredentialConfig | 'unreadable' | null,
  prices: readonly Price[],
): DeploymentConfig {
  return Object.freeze({
    id: row.id,
    model: row.model,
    provider: row.provider as ProviderName,
    upstreamModel: row.upstreamModel,
    mode: row.mode,
    credential: credential === 'unreadable' ? null : credential,
    prices: Object.freeze(prices),
    limits: Object.freeze({ rpm: row.rpm, tpm: row.tpm }),
    weight: row.weight,
    priority: row.priority,
    tags: Object.freeze(row.tags),
    maxOutputTokens: row.maxOutputTokens,
    searchesMax: declared(row.searchesMax),
    partTokensMax: declared(row.partTokensMax),
    onHangup: row.onHangup,
    outputCapField: row.outputCapField,
    timeoutMs: row.timeoutMs,
    enabled: row.enabled && credential !== 'unreadable',
  });
}

/** Returns a bound, or null for a negative one, which is ignored. */
function declared(most: number | null): number | null {
  return most === null || most < 0 ? null : most;
}

/** Returns a price. An invalid one becomes an empty price, so that the deployment counts as unpriced rather than free. */
function priceFrom(row: Rows['prices'][number], onUnreadable: OnUnreadable): Price {
  const isReadable = isPrice(row.perMillion, row.units);
  if (!isReadable) onUnreadable('price', row.id, new RangeError('a price is whole nano-dollars, from 0 on'));
  const version = { id: row.id, effectiveFromMs: row.effectiveFrom.getTime() };
  if (!isReadable) return Object.freeze({ ...version, perMillion: Object.freeze({}) });
  const price = { ...version, perMillion: Object.freeze(row.perMillion) };
  return Object.freeze(row.units === null ? price : { ...price, units: Object.freeze(row.units) });
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
