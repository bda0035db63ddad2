import type { Beyond } from '../../domain/money/beyond.ts';
import { NOTHING_BEYOND } from '../../domain/money/beyond.ts';
import type { JsonObject } from '../dialect.ts';
import { arrayOr, isObject } from '../json.ts';
import { askedWord, plainName } from '../service-tier.ts';
import { camelOf, field, fieldObject } from './fields.ts';

/** The media of a request. */
export interface Media {
  parts: number;
  bytes: number;
  audioParts: number;
}

/** The most entries that are listed. */
const BEYOND_MAX = 32;

/** Tools that the caller runs. `computerUse` is a set of functions that Google describes. */
const CLIENT_TOOLS: ReadonlySet<string> = new Set(['functionDeclarations', 'computerUse']);
/** Tools that run at Google, with the kind of their lookups. Code costs tokens alone, in rounds that read everything again. */
const LOOKUP_TOOLS: ReadonlyMap<string, 'search' | 'fetch'> = new Map([
  ['googleSearch', 'search'],
  ['googleSearchRetrieval', 'search'],
  ['urlContext', 'fetch'],
  ['codeExecution', 'fetch'],
]);
const MODALITIES = { AUDIO: 'audio_output', IMAGE: 'image_output' } as const;

/** Returns what a request in Gemini's format asks for beyond ordinary tokens; for nearly all requests the shared empty list. */
export function contentBeyond(request: JsonObject, media: Media): readonly Beyond[] {
  const found = [...toolsBeyond(arrayOr(request.tools)), ...modalitiesBeyond(request)];
  if (media.audioParts > 0) found.push({ is: 'bucket', param: 'contents', bucket: 'audio_input' });
  const tier = askedWord(lowered(field(request, 'serviceTier')));
  if (tier !== null) found.push({ is: 'tier', param: 'serviceTier', tier });
  return found.length === 0 ? NOTHING_BEYOND : found.slice(0, BEYOND_MAX);
}

function toolsBeyond(tools: readonly unknown[]): Beyond[] {
  const found: Beyond[] = [];
  let described = 0;
  tools.forEach((tool, at) => {
    if (!isObject(tool)) return;
    for (const key in tool) {
      const name = camelOf(key);
      const param = `tools[${at}].${plainName(key)}`;
      if (name === 'computerUse') described += 1;
      if (CLIENT_TOOLS.has(name)) continue;
      const unit = LOOKUP_TOOLS.get(name);
      if (unit === undefined) found.push({ is: 'other', param, unit: `tool:${plainName(name)}`, isOfTokens: false });
      else found.push({ is: 'lookups', param, lookups: { unit, most: null, boundParam: null, isLoop: true, isReported: true } });
    }
  });
  if (described > 0) found.push({ is: 'described', param: 'tools', tools: described });
  return found;
}

function modalitiesBeyond(request: JsonObject): Beyond[] {
  const config = fieldObject(request, 'generationConfig');
  const asked = arrayOr(field(config, 'responseModalities'));
  return asked.flatMap((modality): Beyond[] => {
    const bucket = MODALITIES[String(modality).toUpperCase() as keyof typeof MODALITIES];
    return bucket === undefined ? [] : [{ is: 'bucket', param: 'generationConfig.responseModalities', bucket }];
  });
}

function lowered(tier: unknown): unknown {
  return typeof tier === 'string' ? tier.toLowerCase().replace(/^service_tier_/, '') : tier;
}
