/** The refusal at a path that is none: it names the path that was asked, the likely cause, and the right path. */
import { lettersBetween } from '../../lib/letters-between.ts';
import { Refusal } from '../refusal.ts';
import { ENDPOINTS } from './endpoint.ts';

/** Longer paths are shortened in the message, and not compared with ours. */
const PATH_CHARS_MAX = 96;
/** The most letters in which a path may differ from the one that was probably meant. */
const LETTERS_MAX = 3;

/** The paths that a client may have meant. */
const SERVED: readonly string[] = [
  ...ENDPOINTS.map(({ path }) => path),
  ...['/v1/models', '/v1/conversations', '/v1/files', '/v1/batches', '/v1beta/models', '/cursor/v1/models'],
];

/** The paths as a message lists them: of Gemini's one stands for all. */
const LISTED: readonly string[] = SERVED.filter((path) => !/:(?:stream|count)/.test(path));

/** Vendors' endpoints that are not served, by how their paths begin, with or without the version. */
const OTHER_ENDPOINTS: readonly (readonly [string, string])[] = [
  ['/v1beta/', 'Gemini’s API'],
  ['/complete', 'Anthropic’s older text completions'],
  ['/engines/', 'OpenAI’s engines'],
  ['/messages/batches', 'batches of messages'],
  ['/realtime', 'OpenAI’s Realtime API'],
  ['/assistants', 'OpenAI’s assistants'],
  ['/threads', 'OpenAI’s assistants'],
  ['/fine_tuning/', 'fine-tuning'],
  ['/vector_stores', 'vector stores'],
  ['/api/chat', 'Ollama’s own API'],
  ['/api/generate', 'Ollama’s own API'],
  ['/openai/deployments/', 'Azure’s paths by deployment'],
];

/** Returns the refusal of a request at a path where nothing is. `path` is as it arrived, without its query. */
export function nothingAt(path: string): Refusal {
  return new Refusal('not_found', `There is nothing at ${shown(path)}. ${causeOf(path)}`);
}

function causeOf(path: string): string {
  if (path.length > PATH_CHARS_MAX) return whatIsServed();
  const tidy = path
    .toLowerCase()
    .replace(/\/{2,}/g, '/')
    .replace(/\/$/, '');
  if (SERVED.includes(tidy)) return `Did you mean ${tidy}?`;
  const twice = /^\/v1(\/v1\/.+)$/.exec(tidy)?.[1];
  if (twice !== undefined && SERVED.includes(twice))
    return `The client adds /v1 to its base URL, which ends in /v1 already. Leave /v1 out of the base URL: the path is ${twice}.`;
  const lacking = SERVED.find((served) => served === `/v1${tidy}`);
  if (lacking !== undefined) return `The base URL of this client has to end in /v1: the path is ${lacking}.`;
  const within = SERVED.find((served) => tidy.endsWith(served));
  if (within !== undefined) return `The base URL of this client has too much before /v1: the path is ${within}.`;
  const other = OTHER_ENDPOINTS.find(([beginning]) => [tidy, withoutVersion(tidy)].some((at) => at.startsWith(beginning)));
  if (other !== undefined) return `The path belongs to ${other[1]}, which this gateway does not serve. ${whatIsServed()}`;
  const near = SERVED.find((served) => lettersBetween(tidy, served) <= LETTERS_MAX);
  return near === undefined ? whatIsServed() : `Did you mean ${near}?`;
}

function withoutVersion(path: string): string {
  return path.replace(/^\/v1(beta)?(?=\/)/, '');
}

function whatIsServed(): string {
  return `Served are ${LISTED.join(', ')}. The base URL ends in /v1 for OpenAI clients, and before /v1 for the others.`;
}

/** The path as text that fits into one line of a terminal. */
function shown(path: string): string {
  const cut = path.length > PATH_CHARS_MAX ? `${path.slice(0, PATH_CHARS_MAX)}…` : path;
  return cut.replace(/[^\x21-\x7e…]/g, '?');
}
