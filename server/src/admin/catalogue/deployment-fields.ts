import { z } from 'zod';
import { TAG, TAG_WORDS } from '../../domain/access/tags.ts';
import type { DeploymentRow } from '../../store/catalogue/deployments.ts';
import { id, instant, mergedMetadata, metadata, modelName } from '../http/fields.ts';
import { invalid } from '../http/problem.ts';
import { lacks, never, text } from '../http/schemas.ts';
import { BOUND_WORDS, mode, onHangup, outputCapField, providerName } from './deployment-view.ts';
import { priceFields } from './price-fields.ts';

/** The fields of a deployment that the API accepts. */

const INTEGER_MAX = 2_147_483_647;
const HOUR_MS = 3_600_000;
/** The most tags of one deployment. A request may name fewer. */
const TAGS_MAX = 50;
const SEARCHES_MAX = 10_000;
/** The most tokens that one bucket of an answer's usage may hold. */
const PART_TOKENS_MAX = 100_000_000;

const capacity = z.int().min(0).max(Number.MAX_SAFE_INTEGER).nullish();

const settings = {
  credential_id: id.nullish(),
  prices: priceFields.nullish(),
  limits: z.strictObject({ rpm: capacity, tpm: capacity }).nullish(),
  weight: z.int().min(0).max(1_000_000).optional(),
  priority: z.int().min(0).max(1_000_000).optional(),
  tags: z
    .array(z.string().regex(TAG, TAG_WORDS))
    .max(TAGS_MAX)
    .nullish()
    .meta({ description: `Routing tags; ${TAG_WORDS}.` }),
  max_output_tokens: z.int().min(1).max(INTEGER_MAX).nullish(),
  context_window: z.int().min(1).max(INTEGER_MAX).nullish().meta({ description: BOUND_WORDS.context_window }),
  max_searches: z.int().min(1).max(SEARCHES_MAX).nullish().meta({ description: BOUND_WORDS.max_searches }),
  max_part_tokens: z.int().min(1).max(PART_TOKENS_MAX).nullish().meta({ description: BOUND_WORDS.max_part_tokens }),
  on_hangup: onHangup.nullish().meta({ description: BOUND_WORDS.on_hangup }),
  output_cap_field: outputCapField.nullish().meta({ description: BOUND_WORDS.output_cap_field }),
  timeout_ms: z.int().min(1).max(HOUR_MS).optional(),
  enabled: z.boolean().optional(),
  metadata: metadata.nullish(),
};

export const createBody = z
  .strictObject({
    model: modelName,
    provider: providerName,
    upstream_model: modelName,
    mode: mode.default('chat'),
    ...settings,
    confirm_regained_access: z.boolean().optional(),
  })
  .meta({
    ...never(
      {
        properties: {
          provider: { not: { const: 'fake' } },
          credential_id: { type: 'null' },
        },
      },
      { required: ['credential_id'], properties: { provider: { const: 'fake' }, credential_id: { type: 'string' } } },
    ),
    'x-example': { model: 'demo', provider: 'fake', upstream_model: 'fake-small' },
  });
export const patchBody = z
  .strictObject({
    upstream_model: modelName.optional(),
    ...settings,
    // A stored tag of an earlier version may stay; newTags refuses others.
    tags: z
      .array(text(64))
      .max(TAGS_MAX)
      .nullish()
      .meta({ description: `Routing tags; ${TAG_WORDS}. Stored ones of an earlier version may stay.` }),
    effective_from: instant.optional(),
  })
  .meta(never({ required: ['effective_from'], ...lacks('prices') }));
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
  | 'contextWindow'
  | 'searchesMax'
  | 'partTokensMax'
  | 'onHangup'
  | 'outputCapField'
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
  contextWindow: null,
  searchesMax: null,
  partTokensMax: null,
  onHangup: null,
  outputCapField: null,
  timeoutMs: 600_000,
  enabled: true,
  metadata: {},
};

/** Returns the columns after a change: an absent field keeps the stored value, and null clears it. */
export function columnsOf(body: Settings, stored: SettingColumns): SettingColumns {
  const { limits } = body;
  const kept = <T>(given: T | undefined, stored: T): T => (given === undefined ? stored : given);
  return {
    credentialId: kept(body.credential_id, stored.credentialId),
    rpm: limits === null ? null : kept(limits?.rpm, stored.rpm),
    tpm: limits === null ? null : kept(limits?.tpm, stored.tpm),
    weight: body.weight ?? stored.weight,
    priority: body.priority ?? stored.priority,
    tags: body.tags === undefined ? stored.tags : newTags(body.tags ?? [], stored.tags),
    maxOutputTokens: kept(body.max_output_tokens, stored.maxOutputTokens),
    contextWindow: kept(body.context_window, stored.contextWindow),
    searchesMax: kept(body.max_searches, stored.searchesMax),
    partTokensMax: kept(body.max_part_tokens, stored.partTokensMax),
    onHangup: kept(body.on_hangup, stored.onHangup),
    outputCapField: kept(body.output_cap_field, stored.outputCapField),
    timeoutMs: body.timeout_ms ?? stored.timeoutMs,
    enabled: body.enabled ?? stored.enabled,
    metadata: mergedMetadata(stored.metadata, body.metadata),
  };
}

/** Returns the tags without duplicates. Throws 400 for a tag that no request could name, unless it is stored already. */
function newTags(given: readonly string[], stored: readonly string[]): string[] {
  const bad = given.findIndex((tag) => !TAG.test(tag) && !stored.includes(tag));
  if (bad >= 0) throw invalid(`/tags/${bad}`, TAG_WORDS);
  return [...new Set(given)];
}
