/** The deployments that organizations brought, as their own requests use them. */
import { and, asc, desc, eq, inArray, isNull, ne, type SQL } from 'drizzle-orm';
import { CODED_PROVIDERS, type Preset } from '../../domain/presets/preset.ts';
import type { DeploymentConfig } from '../../domain/routing/catalogue.ts';
import type { OwnProviders } from '../../domain/routing/own.ts';
import { type CredentialRow, PLATFORM } from '../catalogue/credentials.ts';
import { withState } from '../catalogue/deployments.ts';
import type { Database } from '../database.ts';
import { credentials, deployments, organizations, presets, prices } from '../schema.ts';
import { withoutSecret } from './load-catalogue.ts';
import { deploymentsFrom, type OnUnreadable, type OpenCredential } from './load-deployments.ts';
import { presetsFrom, withPreset } from './preset-credentials.ts';

/** The means to open own credentials. */
export interface OwnOpener {
  readonly open: OpenCredential;
  readonly onUnreadable: OnUnreadable;
  /** The presets of this version. Null or absent for what only needs to know what is configured: credentials then have no preset. */
  readonly shipped?: readonly Preset[] | null;
}

/** Returns the own deployments of these organizations, by organization. Those without any are absent. Call it in a snapshot. */
export async function readOwn(
  tx: Database,
  organizationIds: readonly string[],
  opener: OwnOpener,
): Promise<ReadonlyMap<string, readonly DeploymentConfig[]>> {
  const named = organizationIds.filter((id) => id !== PLATFORM);
  return named.length === 0 ? new Map() : readWhere(tx, inArray(deployments.owner, named), opener);
}

/**
 * Returns how each organization uses own deployments of these models, by organization, without their secrets. Organizations that have
 * none and do not insist on own ones are absent. It reads over all tenants: use it only for what the platform is told.
 */
export async function ownUseOfAll(tx: Database, models: ReadonlySet<string>): Promise<ReadonlyMap<string, OwnProviders>> {
  const isOwn = and(ne(deployments.owner, PLATFORM), inArray(deployments.model, [...models]));
  const found = await readWhere(tx, isOwn, { open: withoutSecret, onUnreadable: () => {} });
  const insisting = await tx
    .select({ id: organizations.id })
    .from(organizations)
    .where(eq(organizations.ownDeployments, 'own_only'));
  const onlyOwn = new Set(insisting.map(({ id }) => id));
  const all = [...new Set([...found.keys(), ...onlyOwn])];
  return new Map(
    all.map((id) => {
      const byModel = Map.groupBy(found.get(id) ?? [], ({ model }) => model);
      return [id, { mode: onlyOwn.has(id) ? 'own_only' : 'own_first', byModel }] as const;
    }),
  );
}

async function readWhere(tx: Database, wanted: SQL | undefined, opener: OwnOpener) {
  const found = await tx
    .select()
    .from(deployments)
    .where(and(wanted, isNull(deployments.deletedAt)))
    .orderBy(asc(deployments.id));
  if (found.length === 0) return new Map<string, DeploymentConfig[]>();
  const ids = found.map(({ id }) => id);
  const used = [...new Set(found.flatMap(({ credentialId }) => credentialId ?? []))];
  const rows = {
    credentials: await tx.select().from(credentials).where(inArray(credentials.id, used)),
    deployments: found.map(withState),
    prices: await tx
      .select()
      .from(prices)
      .where(inArray(prices.deploymentId, ids))
      .orderBy(desc(prices.effectiveFrom), desc(prices.id)),
  };
  const open = await openingWithPresets(tx, rows.credentials, opener);
  const all = [...deploymentsFrom(rows, open, opener.onUnreadable).values()];
  return Map.groupBy(all, ({ organizationId }) => organizationId ?? '');
}

/** Reads presets only if a credential is of one. */
async function openingWithPresets(
  tx: Database,
  rows: readonly CredentialRow[],
  { open, onUnreadable, shipped = null }: OwnOpener,
): Promise<OpenCredential> {
  const ids = rows.map(({ provider }) => provider).filter((provider) => !CODED_PROVIDERS.has(provider));
  if (shipped === null || ids.length === 0) return open;
  const added = await tx
    .select()
    .from(presets)
    .where(inArray(presets.id, [...new Set(ids)]));
  return withPreset(open, presetsFrom(added, shipped, onUnreadable), new Set(added.map(({ id }) => id)));
}
