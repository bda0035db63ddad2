import type { FormRulesRecord } from '@mantine/form';
import type { Schema } from '../../api/client.ts';
import type { Prices, Provider } from '../../api/gateway.ts';
import { NO_PRICE_TEXTS, type PriceTexts, pricesFrom, priceTextsOf } from '../../components/PriceFields.tsx';

type Deployment = Schema<'Deployment'>;

const SECOND_MS = 1_000;
const TIMEOUT_SECONDS_DEFAULT = 600;

/** A deployment as it is typed. Numbers are '' while there is none. */
export interface DeploymentDraft {
  provider: Provider;
  credential_id: string | null;
  upstream_model: string;
  model: string;
  mode: Deployment['mode'];
  prices: PriceTexts;
  limits: { rpm: number | ''; tpm: number | '' };
  weight: number | '';
  priority: number | '';
  tags: string[];
  max_output_tokens: number | '';
  timeout_seconds: number | '';
  enabled: boolean;
}

export const NEW_DRAFT: DeploymentDraft = {
  provider: 'openai',
  credential_id: null,
  upstream_model: '',
  model: '',
  mode: 'chat',
  prices: NO_PRICE_TEXTS,
  limits: { rpm: '', tpm: '' },
  weight: 1,
  priority: 0,
  tags: [],
  max_output_tokens: '',
  timeout_seconds: TIMEOUT_SECONDS_DEFAULT,
  enabled: true,
};

/** What must be there before the server is asked. */
export const DEPLOYMENT_RULES: FormRulesRecord<DeploymentDraft> = {
  upstream_model: (value) => (value.trim() === '' ? 'Name the provider’s model.' : null),
  model: (value) => (value.trim() === '' ? 'Give it the name that callers use.' : null),
  credential_id: (value, draft) => (draft.provider !== 'fake' && value === null ? 'Choose a credential.' : null),
};

export function draftOf(deployment: Deployment): DeploymentDraft {
  const { limits, max_output_tokens: maxOutput } = deployment;
  return {
    provider: deployment.provider as Provider,
    credential_id: deployment.credential_id,
    upstream_model: deployment.upstream_model,
    model: deployment.model,
    mode: deployment.mode,
    prices: priceTextsOf(deployment.prices as Prices | null),
    limits: { rpm: limits.rpm ?? '', tpm: limits.tpm ?? '' },
    weight: deployment.weight,
    priority: deployment.priority,
    tags: [...deployment.tags],
    max_output_tokens: maxOutput ?? '',
    timeout_seconds: deployment.timeout_ms / SECOND_MS,
    enabled: deployment.enabled,
  };
}

/** What POST takes. */
export function createBodyOf(draft: DeploymentDraft) {
  return {
    model: draft.model.trim(),
    provider: draft.provider,
    mode: draft.mode,
    upstream_model: draft.upstream_model.trim(),
    ...settingsOf(draft),
    ...(pricesFrom(draft.prices) === null ? {} : { prices: pricesFrom(draft.prices) }),
  };
}

/** What is typed as numbers and texts, as the API takes it; an empty field stands for what a new deployment has. */
export function settingsOf(draft: DeploymentDraft) {
  return {
    credential_id: draft.provider === 'fake' ? null : draft.credential_id,
    limits: { rpm: numberOrNull(draft.limits.rpm), tpm: numberOrNull(draft.limits.tpm) },
    weight: draft.weight === '' ? 1 : draft.weight,
    priority: draft.priority === '' ? 0 : draft.priority,
    tags: draft.tags,
    max_output_tokens: numberOrNull(draft.max_output_tokens),
    timeout_ms: Math.round((draft.timeout_seconds === '' ? TIMEOUT_SECONDS_DEFAULT : draft.timeout_seconds) * SECOND_MS),
    enabled: draft.enabled,
  };
}

function numberOrNull(value: number | ''): number | null {
  return value === '' ? null : value;
}
