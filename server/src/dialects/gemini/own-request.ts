/** Edits of a request that stays in Gemini's format. */
import type { JsonObject } from '../dialect.ts';
import { isObject, objectOr } from '../json.ts';
import { spellingOf } from './fields.ts';
import { modelPath } from './paths.ts';

/**
 * Returns the request for Google, or the body itself if nothing is to change: the clamped cap, no logging at Google, and no model,
 * which is in the path.
 */
export function ownContentRequest(body: JsonObject, outputCap: number | null): JsonObject {
  if (outputCap === null && body.model === undefined && body.store === undefined) return body;
  const { model: _model, store, ...edited } = body;
  if (store !== undefined) edited.store = false;
  if (outputCap === null) return edited;
  const name = spellingOf(edited, 'generationConfig');
  const config = objectOr(edited[name]);
  edited[name] = { ...config, [spellingOf(config, 'maxOutputTokens')]: outputCap };
  return edited;
}

/** Returns the count for Google. A whole request in it names the model once more. */
export function ownCountRequest(body: JsonObject, upstreamModel: string): JsonObject {
  const { model: _model, ...edited } = body;
  const name = spellingOf(edited, 'generateContentRequest');
  const request = edited[name];
  if (isObject(request)) edited[name] = { ...request, model: modelPath(upstreamModel) };
  return edited;
}
