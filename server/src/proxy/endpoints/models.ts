import { effectiveAccess, levelsOf } from '../../domain/access/access.ts';
import type { Catalogue } from '../../domain/routing/catalogue.ts';
import type { Caller } from '../../domain/tenancy/tenancy.ts';

/** One model as each dialect lists it. There is no birthday of a name worth telling, so both say the epoch of this list. */
const CREATED = 1_735_689_600;
const CREATED_AT = '2025-01-01T00:00:00Z';

/** `GET /v1/models`: exactly the caller's effective set, in OpenAI's shape, or in Anthropic's when `anthropic-version` was sent. */
export function listModels(caller: Caller, catalogue: Catalogue, dialect: 'openai' | 'anthropic'): object {
  const names = effectiveAccess(levelsOf(caller), catalogue);
  if (dialect === 'openai') return { object: 'list', data: names.map(openAiModel) };
  return { data: names.map(anthropicModel), has_more: false, first_id: names[0] ?? null, last_id: names.at(-1) ?? null };
}

/** `GET /v1/models/{name}`, once it is known that the caller may call it. */
export function showModel(name: string, dialect: 'openai' | 'anthropic'): object {
  return dialect === 'openai' ? openAiModel(name) : anthropicModel(name);
}

function openAiModel(id: string): object {
  return { id, object: 'model', created: CREATED, owned_by: 'headgate' };
}

function anthropicModel(id: string): object {
  return { type: 'model', id, display_name: id, created_at: CREATED_AT };
}
