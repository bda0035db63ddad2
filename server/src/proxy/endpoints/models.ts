import { effectiveAccess, levelsOf } from '../../domain/access/access.ts';
import type { Catalogue, DeploymentMode } from '../../domain/routing/catalogue.ts';
import type { Caller } from '../../domain/tenancy/tenancy.ts';
import type { ErrorDialect } from '../error-dialect.ts';

/** The creation time of every listed model, in each dialect. A name has no meaningful one, so it is fixed. */
const CREATED = 1_735_689_600;
const CREATED_AT = '2025-01-01T00:00:00Z';

/** Serves `GET /v1/models`: exactly the caller's effective set, in the format of OpenAI, Anthropic or Gemini. */
export function listModels(caller: Caller, catalogue: Catalogue, dialect: ErrorDialect): object {
  const names = effectiveAccess(levelsOf(caller), catalogue);
  if (dialect === 'gemini') return { models: names.map((name) => geminiModel(name, catalogue)) };
  if (dialect === 'openai') return { object: 'list', data: names.map(openAiModel) };
  return { data: names.map(anthropicModel), has_more: false, first_id: names[0] ?? null, last_id: names.at(-1) ?? null };
}

/** Serves `GET /v1/models/{name}`. The caller of this function has checked access. */
export function showModel(name: string, catalogue: Catalogue, dialect: ErrorDialect): object {
  if (dialect === 'gemini') return geminiModel(name, catalogue);
  return dialect === 'openai' ? openAiModel(name) : anthropicModel(name);
}

function openAiModel(id: string): object {
  return { id, object: 'model', created: CREATED, owned_by: 'headgate' };
}

function anthropicModel(id: string): object {
  return { type: 'model', id, display_name: id, created_at: CREATED_AT };
}

const GENERATION_METHODS: Readonly<Record<DeploymentMode, readonly string[]>> = {
  chat: ['generateContent', 'countTokens'],
  completion: [],
  embedding: [],
  rerank: [],
  moderation: [],
  image: [],
  speech: [],
  transcription: [],
};

function geminiModel(name: string, { targets }: Catalogue): object {
  const mode = targets.get(name)?.mode ?? 'chat';
  return {
    name: `models/${name}`,
    baseModelId: name,
    version: '1',
    displayName: name,
    supportedGenerationMethods: GENERATION_METHODS[mode],
  };
}
