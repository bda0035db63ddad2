import { asc, desc, isNull } from 'drizzle-orm';
import type { Price } from '../../domain/money/price.ts';
import { isPrice } from '../../domain/money/price-units.ts';
import type {
  CallableTarget,
  Catalogue,
  CredentialConfig,
  DeploymentConfig,
  ProviderName,
} from '../../domain/routing/catalogue.ts';
import type { Database } from '../database.ts';
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

/** The key of a credential. Throws where it cannot be opened. */
export type OpenSecret = (row: typeof credentials.$inferSelect) => string;
/** Told of a row that cannot be read, with its id. */
export type OnUnreadable = (what: 'credential' | 'price', id: string, error: unknown) => void;

/**
 * Everything callable at one instant. Its version is that of the scope `catalogue`. One row that cannot be read is no reason that nothing can be
 * called: a deployment whose credential cannot be opened is out of service, and a price that is none leaves its deployment unpriced.
 */
export async function loadCatalogue(
  db: Database,
  openSecret: OpenSecret,
  onUnreadable: OnUnreadable = () => {},
): Promise<Catalogue> {
  const rows = await db.transaction(readRows, { isolationLevel: 'repeatable read', accessMode: 'read only' });
  const byId = deploymentsFrom(rows, openSecret, onUnreadable);
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
    models: await tx.select().from(models),
    routeGroups: await tx.select().from(routeGroups),
    members: await tx.select().from(routeGroupMembers).orderBy(asc(routeGroupMembers.deploymentId)),
    accessGroups: await tx.select({ key: accessGroups.key }).from(accessGroups),
    labels: await tx.select().from(targetLabels),
  };
}

function deploymentsFrom(rows: Rows, openSecret: OpenSecret, onUnreadable: OnUnreadable): ReadonlyMap<string, DeploymentConfig> {
  const opened = new Map(rows.credentials.map((row) => [row.id, credentialFrom(row, openSecret, onUnreadable)]));
  const priced = groupBy(rows.prices, (row) => row.deploymentId);
  return new Map(
    rows.deployments.map((row) => {
      const credential = row.credentialId === null ? null : (opened.get(row.credentialId) ?? 'unreadable');
      const prices = (priced.get(row.id) ?? []).map((price) => priceFrom(price, onUnreadable));
      return [row.id, deploymentFrom(row, credential, prices)];
    }),
  );
}

/** Null: it cannot be opened. */
function credentialFrom(
  row: Rows['credentials'][number],
  openSecret: OpenSecret,
  onUnreadable: OnUnreadable,
): CredentialConfig | null {
  try {
    const { id, provider, baseUrl } = row;
    return Object.freeze({ id, provider: provider as ProviderName, baseUrl, apiKey: openSecret(row) });
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
    timeoutMs: row.timeoutMs,
    enabled: row.enabled && credential !== 'unreadable',
  });
}

/** A bound below zero bounds nothing. */
function declared(most: number | null): number | null {
  return most === null || most < 0 ? null : most;
}

/** A price that is none is no price: never free silently, and never charged by what cannot be multiplied. */
function priceFrom(row: Rows['prices'][number], onUnreadable: OnUnreadable): Price {
  const isReadable = isPrice(row.perMillion, row.units);
  if (!isReadable) onUnreadable('price', row.id, new RangeError('a price is whole nano-dollars, from 0 on'));
  const version = { id: row.id, effectiveFromMs: row.effectiveFrom.getTime() };
  if (!isReadable) return Object.freeze({ ...version, perMillion: Object.freeze({}) });
  const price = { ...version, perMillion: Object.freeze(row.perMillion) };
  return Object.freeze(row.units === null ? price : { ...price, units: Object.freeze(row.units) });
}

/** A model is served by every deployment that carries its name. */
function modelTargets(rows: Rows, byId: ReadonlyMap<string, DeploymentConfig>): Target[] {
  const byModel = groupBy([...byId.values()], (deployment) => deployment.model);
  return rows.models.map((row) => ({
    name: row.name,
    kind: 'model',
    mode: row.mode,
    strategy: row.strategy,
    members: Object.freeze((byModel.get(row.name) ?? []).map((deployment) => memberOf(deployment, deployment))),
    fallbacks: Object.freeze(row.fallbacks),
  }));
}

/** A route group weighs and orders its members by its own numbers, not by the deployments'. */
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
      members: Object.freeze(members),
      fallbacks: Object.freeze(row.fallbacks),
    };
  });
}

function memberOf(deployment: DeploymentConfig, { weight, priority }: { weight: number; priority: number }) {
  return Object.freeze({ deployment, weight, priority });
}

/** A group without members is there too: a grant of it is valid before it has any. */
function membersOfGroups(rows: Rows): ReadonlyMap<string, ReadonlySet<string>> {
  const byGroup = groupBy(rows.labels, (row) => row.accessGroup);
  return new Map(rows.accessGroups.map(({ key }) => [key, new Set(byGroup.get(key)?.map((row) => row.targetName))]));
}

function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): ReadonlyMap<string, T[]> {
  return Map.groupBy(items, keyOf);
}
