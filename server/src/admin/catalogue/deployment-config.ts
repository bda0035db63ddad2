import type { DeploymentConfig, ProviderName } from '../../domain/routing/catalogue.ts';
import type { DeploymentRow } from '../../store/catalogue/deployments.ts';

type Columns = Pick<
  DeploymentRow,
  | 'id'
  | 'model'
  | 'provider'
  | 'upstreamModel'
  | 'mode'
  | 'rpm'
  | 'tpm'
  | 'weight'
  | 'priority'
  | 'tags'
  | 'maxOutputTokens'
  | 'contextWindow'
  | 'searchesMax'
  | 'partTokensMax'
  | 'onHangup'
  | 'outputCapField'
  | 'timeoutMs'
  | 'enabled'
>;

/**
 * Returns a stored deployment's configuration for routing rules and live calls, with or without its opened credential. It has no
 * prices.
 */
export function deploymentConfig(row: Columns, credential: DeploymentConfig['credential']): DeploymentConfig {
  return {
    id: row.id,
    model: row.model,
    provider: row.provider as ProviderName,
    upstreamModel: row.upstreamModel,
    mode: row.mode,
    credential,
    prices: [],
    limits: { rpm: row.rpm, tpm: row.tpm },
    weight: row.weight,
    priority: row.priority,
    tags: row.tags,
    maxOutputTokens: row.maxOutputTokens,
    contextWindow: row.contextWindow,
    searchesMax: row.searchesMax,
    partTokensMax: row.partTokensMax,
    onHangup: row.onHangup,
    outputCapField: row.outputCapField,
    timeoutMs: row.timeoutMs,
    enabled: row.enabled,
  };
}
