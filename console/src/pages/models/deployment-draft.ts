import type { Schema } from '../../api/client.ts';
import type { Provider } from '../../api/gateway.ts';
import { NO_PRICE, type PriceDraft, priceDraftOf, priceFaults, pricesFrom } from '../../components/money/price-draft.ts';
import { words } from './words.ts';

type Deployment = Schema<'Deployment'>;

const SECOND_MS = 1_000;
const TIMEOUT_SECONDS_DEFAULT = 600;

/** A deployment as the person typed it. A missing number is ''. */
export interface DeploymentDraft {
  provider: Provider;
  credential_id: string | null;
  upstream_model: string;
  model: string;
  mode: Deployment['mode'];
  prices: PriceDraft;
  /**
   * True if the person changed the prices. Unchanged suggestions are not sent, so that the deployment follows the published list.
   */
  arePricesTyped: boolean;
  limits: { rpm: number | ''; tpm: number | '' };
  weight: number | '';
  priority: number | '';
  tags: string[];
  max_output_tokens: number | '';
  context_window: number | '';
  max_searches: number | '';
  max_part_tokens: number | '';
  /** '': the gateway's default. */
  on_hangup: NonNullable<Deployment['on_hangup']> | '';
  output_cap_field: NonNullable<Deployment['output_cap_field']> | '';
  timeout_seconds: number | '';
  enabled: boolean;
}

export const NEW_DRAFT: DeploymentDraft = {
  provider: 'openai',
  credential_id: null,
  upstream_model: '',
  model: '',
  mode: 'chat',
  prices: NO_PRICE,
  arePricesTyped: false,
  limits: { rpm: '', tpm: '' },
  weight: 1,
  priority: 0,
  tags: [],
  max_output_tokens: '',
  context_window: '',
  max_searches: '',
  max_part_tokens: '',
  on_hangup: '',
  output_cap_field: '',
  timeout_seconds: TIMEOUT_SECONDS_DEFAULT,
  enabled: true,
};

/** Returns the errors to show before sending, by the path of the field. */
export function deploymentFaults(draft: DeploymentDraft): Record<string, string | null> {
  return {
    upstream_model: draft.upstream_model.trim() === '' ? words.enterUpstreamModel : null,
    model: draft.model.trim() === '' ? words.enterModelName : null,
    credential_id: draft.provider !== 'fake' && draft.credential_id === null ? words.chooseACredentialFault : null,
    ...priceFaults(draft.prices, 'prices'),
  };
}

export function draftOf(deployment: Deployment): DeploymentDraft {
  const { limits, max_output_tokens: maxOutput } = deployment;
  return {
    provider: deployment.provider,
    credential_id: deployment.credential_id,
    upstream_model: deployment.upstream_model,
    model: deployment.model,
    mode: deployment.mode,
    prices: priceDraftOf(deployment.prices),
    arePricesTyped: true,
    limits: { rpm: limits.rpm ?? '', tpm: limits.tpm ?? '' },
    weight: deployment.weight,
    priority: deployment.priority,
    tags: [...deployment.tags],
    max_output_tokens: maxOutput ?? '',
    context_window: deployment.context_window ?? '',
    max_searches: deployment.max_searches ?? '',
    max_part_tokens: deployment.max_part_tokens ?? '',
    on_hangup: deployment.on_hangup ?? '',
    output_cap_field: deployment.output_cap_field ?? '',
    timeout_seconds: deployment.timeout_ms / SECOND_MS,
    enabled: deployment.enabled,
  };
}

/** Returns the body of the POST request. */
export function createBodyOf(draft: DeploymentDraft) {
  return {
    model: draft.model.trim(),
    provider: draft.provider,
    mode: draft.mode,
    upstream_model: draft.upstream_model.trim(),
    ...settingsOf(draft),
    ...(draft.arePricesTyped ? { prices: pricesFrom(draft.prices) } : {}),
  };
}

/** Returns the typed settings as the API takes them. An empty field gets the default of a new deployment. */
export function settingsOf(draft: DeploymentDraft) {
  return {
    credential_id: draft.provider === 'fake' ? null : draft.credential_id,
    limits: { rpm: numberOrNull(draft.limits.rpm), tpm: numberOrNull(draft.limits.tpm) },
    weight: draft.weight === '' ? 1 : draft.weight,
    priority: draft.priority === '' ? 0 : draft.priority,
    tags: draft.tags,
    max_output_tokens: numberOrNull(draft.max_output_tokens),
    context_window: numberOrNull(draft.context_window),
    max_searches: numberOrNull(draft.max_searches),
    max_part_tokens: numberOrNull(draft.max_part_tokens),
    on_hangup: draft.on_hangup === '' ? null : draft.on_hangup,
    output_cap_field: draft.output_cap_field === '' ? null : draft.output_cap_field,
    timeout_ms: Math.round((draft.timeout_seconds === '' ? TIMEOUT_SECONDS_DEFAULT : draft.timeout_seconds) * SECOND_MS),
    enabled: draft.enabled,
  };
}

function numberOrNull(value: number | ''): number | null {
  return value === '' ? null : value;
}
