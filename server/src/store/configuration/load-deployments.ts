/** Stored deployments with their credentials and prices, as requests use them. */
import type { Price } from '../../domain/money/price.ts';
import { isPrice } from '../../domain/money/price-units.ts';
import type { DeploymentConfig, ProviderName } from '../../domain/routing/catalogue.ts';
import type { CredentialConfig } from '../../domain/routing/credential.ts';
import type { CredentialRow } from '../catalogue/credentials.ts';
import type { DeploymentRow } from '../catalogue/deployments.ts';
import type { PriceRow } from '../catalogue/prices.ts';

/** Opens a stored credential. Throws if it may not be used, for example because it cannot be decrypted. */
export type OpenCredential = (row: CredentialRow) => CredentialConfig;

/** Called for a row that cannot be read, with its id. */
export type OnUnreadable = (what: 'credential' | 'price' | 'preset', id: string, error: unknown) => void;

/** Rows of one owner, or of several. `prices` are newest first. */
interface Rows {
  readonly credentials: readonly CredentialRow[];
  readonly deployments: readonly DeploymentRow[];
  readonly prices: readonly PriceRow[];
}

/**
 * Returns deployments by id. An unreadable row affects only its deployment: one whose credential may not be used, or is of another
 * owner, is disabled, and an invalid price leaves its deployment unpriced.
 */
export function deploymentsFrom(
  rows: Rows,
  openCredential: OpenCredential,
  onUnreadable: OnUnreadable,
): ReadonlyMap<string, DeploymentConfig> {
  const opened = new Map(rows.credentials.map((row) => [row.id, credentialFrom(row, openCredential, onUnreadable)]));
  const priced = Map.groupBy(rows.prices, (row) => row.deploymentId);
  return new Map(
    rows.deployments.map((row) => {
      const credential = row.credentialId === null ? null : usableBy(row, opened.get(row.credentialId));
      const prices = (priced.get(row.id) ?? []).map((price) => priceFrom(price, onUnreadable));
      return [row.id, deploymentFrom(row, credential, prices)];
    }),
  );
}

function usableBy({ owner }: DeploymentRow, credential: CredentialConfig | null | undefined): CredentialConfig | 'unreadable' {
  return credential !== null && credential !== undefined && (credential.organizationId ?? '') === owner
    ? credential
    : 'unreadable';
}

/** Returns null if the credential may not be used. */
function credentialFrom(row: CredentialRow, openCredential: OpenCredential, onUnreadable: OnUnreadable): CredentialConfig | null {
  try {
    return openCredential(row);
  } catch (error) {
    onUnreadable('credential', row.id, error);
    return null;
  }
}

function deploymentFrom(
  row: DeploymentRow,
  credential: CredentialConfig | 'unreadable' | null,
  prices: readonly Price[],
): DeploymentConfig {
  return Object.freeze({
    id: row.id,
    organizationId: row.owner || null,
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
    contextWindow: declared(row.contextWindow),
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
function priceFrom(row: PriceRow, onUnreadable: OnUnreadable): Price {
  const isReadable = isPrice(row.perMillion, row.units);
  if (!isReadable) onUnreadable('price', row.id, new RangeError('a price is whole nano-dollars, from 0 on'));
  const version = { id: row.id, effectiveFromMs: row.effectiveFrom.getTime() };
  if (!isReadable) return Object.freeze({ ...version, perMillion: Object.freeze({}) });
  const price = { ...version, perMillion: Object.freeze(row.perMillion) };
  return Object.freeze(row.units === null ? price : { ...price, units: Object.freeze(row.units) });
}
