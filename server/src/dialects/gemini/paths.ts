import type { Called } from '../dialect.ts';

/** The paths of Gemini's API: `/v1beta/models/{model}:{action}`. */

const PREFIX = '/v1beta/models/';
/** SDKs put this before the name of a model. */
const MODELS = 'models/';

/** The action of a path; null for a path without one. A model's own name may hold colons and slashes. */
export function actionIn(path: string): string | null {
  if (!path.startsWith(PREFIX)) return null;
  const colon = path.lastIndexOf(':');
  return colon <= PREFIX.length ? null : path.slice(colon + 1);
}

/** Returns what the path and the query say of a call; null if the model's name is not valid percent-encoding. */
export function calledAt(path: string, query: string): Called | null {
  const name = modelIn(path.slice(PREFIX.length, path.lastIndexOf(':')));
  if (name === null) return null;
  const stream = path.endsWith(':streamGenerateContent');
  const framing = stream && new URLSearchParams(query).get('alt') !== 'sse' ? 'array' : 'events';
  return { model: name, stream, framing };
}

/** Returns a model's name from a path; null if it is not valid percent-encoding. */
export function modelIn(text: string): string | null {
  try {
    const name = decodeURIComponent(text);
    return name.startsWith(MODELS) ? name.slice(MODELS.length) : name;
  } catch {
    return null;
  }
}

/** Returns a model's resource name: tuned models have a collection of their own. */
export function modelPath(upstreamModel: string): string {
  return /^(?:models|tunedModels)\//.test(upstreamModel) ? upstreamModel : MODELS + upstreamModel;
}
