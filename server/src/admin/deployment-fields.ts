import { z } from 'zod';
import type { DeploymentRow } from '../store/deployments.ts';
import { BOUND_WORDS, mode, onHangup, providerName } from './deployment-view.ts';
import { id, instant, mergedMetadata, metadata, modelName } from './fields.ts';
import { priceFields } from './price-fields.ts';

/** What a deployment is made of, as the API takes it. */

const INTEGER_MAX = 2_147_483_647;
const HOUR_MS = 3_600_000;
const TAGS_MAX = 50;
const SEARCHES_MAX = 10_000;
/** What one bucket of an answer's usage may hold. */
const PART_TOKENS_MAX = 100_000_000;

const capacity = z.int().min(0).max(Number.MAX_SAFE_INTEGER).nullish();
const tag = z.string().regex(/^[\x21-\x7e]{1,64}$/, 'a tag is 1 to 64 visible ASCII characters without spaces');

const settings = {
  credential_id: id.nullish(),
  prices: priceFields.nullish(),
  limits: z.strictObject({ rpm: capacity, tpm: capacity }).nullish(),
  weight: z.int().min(0).max(1_000_000).optional(),
  priority: z.int().min(0).max(1_000_000).optional(),
  tags: z.array(tag).max(TAGS_MAX).nullish(),
  max_output_tokens: z.int().min(1).max(INTEGER_MAX).nullish(),
  max_searches: z.int().min(1).max(SEARCHES_MAX).nullish().meta({ description: BOUND_WORDS.max_searches }),
  max_part_tokens: z.int().min(1).max(PART_TOKENS_MAX).nullish().meta({ description: BOUND_WORDS.max_part_tokens }),
  on_hangup: onHangup.nullish().meta({ description: BOUND_WORDS.on_hangup }),
  timeout_ms: z.int().min(1).max(HOUR_MS).optional(),
  enabled: z.boolean().optional(),
  metadata: metadata.nullish(),
};

export const createBody = z.strictObject({
  model: modelName,
  provider: providerName,
  upstream_model: modelName,
  mode: mode.default('chat'),
  ...settings,
  confirm_regained_access: z.boolean().optional(),
});
export const patchBody = z.strictObject({
  upstream_model: modelName.optional(),
  ...settings,
  effective_from: instant.optional(),
});
export type CreateBody = z.output<typeof createBody>;
export type PatchBody = z.output<typeof patchBody>;

type Settings = Omit<CreateBody, 'model' | 'provider' | 'upstream_model' | 'mode' | 'confirm_regained_access' | 'prices'>;
type SettingColumns = Pick<
  DeploymentRow,
  | 'credentialId'
  | 'rpm'
  | 'tpm'
  | 'weight'
  | 'priority'
  | 'tags'
  | 'maxOutputTokens'
  | 'searchesMax'
  | 'partTokensMax'
  | 'onHangup'
  | 'timeoutMs'
  | 'enabled'
  | 'metadata'
>;

export const NEW_DEPLOYMENT: SettingColumns = {
  credentialId: null,
  rpm: null,
  tpm: null,
  weight: 1,
  priority: 0,
  tags: [],
  maxOutputTokens: null,
  searchesMax: null,
  partTokensMax: null,
  onHangup: null,
  timeoutMs: 600_000,
  enabled: true,
  metadata: {},
};

/** Absent keeps, null clears. */
export function columnsOf(body: Settings, stored: SettingColumns): SettingColumns {
  const { limits } = body;
  const kept = <T>(given: T | undefined, stored: T): T => (given === undefined ? stored : given);
  return {
    credentialId: kept(body.credential_id, stored.credentialId),
    rpm: limits === null ? null : kept(limits?.rpm, stored.rpm),
    tpm: limits === null ? null : kept(limits?.tpm, stored.tpm),
    weight: body.weight ?? stored.weight,
    priority: body.priority ?? stored.priority,
    tags: body.tags === undefined ? stored.tags : [...new Set(body.tags ?? [])],
    maxOutputTokens: kept(body.max_output_tokens, stored.maxOutputTokens),
    searchesMax: kept(body.max_searches, stored.searchesMax),
    partTokensMax: kept(body.max_part_tokens, stored.partTokensMax),
    onHangup: kept(body.on_hangup, stored.onHangup),
    timeoutMs: body.timeout_ms ?? stored.timeoutMs,
    enabled: body.enabled ?? stored.enabled,
    metadata: mergedMetadata(stored.metadata, body.metadata),
  };
}
