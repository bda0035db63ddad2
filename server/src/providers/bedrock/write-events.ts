/** Frames as server-sent events, so that everything behind the provider reads streams of one form. */
import type { Wire } from '../../dialects/dialect.ts';
import { isObject, objectOr, parseJson, stringOr } from '../../dialects/json.ts';
import type { Frame } from './event-stream.ts';
import { cleaned } from './read-bedrock-error.ts';

/** Writes one frame. Returns an empty text for a frame that says nothing. */
export type EventWriter = (frame: Frame) => string;

/** Returns the writer for a wire: of Converse, each frame is an event; of Claude's messages, each frame holds one. */
export function eventWriter(wire: Wire, requestId: string): EventWriter {
  return wire === 'bedrock-converse' ? converseEvents(requestId) : messageEvent;
}

function converseEvents(requestId: string): EventWriter {
  let isFirst = true;
  return (frame) => {
    const failure = failureIn(frame);
    if (failure !== null) return `event: error\ndata: ${JSON.stringify({ error: failure })}\n\n`;
    const name = frame.headers.get(':event-type') ?? '';
    if (!PLAIN_NAME.test(name)) return '';
    const json = oneLine(frame.payload.toString('utf8'));
    const data = isFirst ? withRequestId(json, requestId) : json;
    isFirst = false;
    return `event: ${name}\ndata: ${data}\n\n`;
  };
}

const PLAIN_NAME = /^[A-Za-z]{1,64}$/;

/** Writes the event that a frame holds in base64. */
function messageEvent(frame: Frame): string {
  const failure = failureIn(frame);
  if (failure !== null) {
    const error = { type: TYPES.get(failure.code) ?? 'api_error', message: failure.message };
    return `event: error\ndata: ${JSON.stringify({ type: 'error', error })}\n\n`;
  }
  const { bytes } = objectOr(parseJson(frame.payload.toString('utf8')));
  if (typeof bytes !== 'string') return '';
  const text = Buffer.from(bytes, 'base64').toString('utf8');
  const type = /"type" ?: ?"([a-z_]{1,64})"/.exec(text.slice(0, HEAD_CHARS))?.[1] ?? objectOr(parseJson(text)).type;
  if (typeof type !== 'string') return '';
  // The last event has numbers of Bedrock's own, which Anthropic's clients do not know.
  const data = type === 'message_stop' ? '{"type":"message_stop"}' : oneLine(text);
  return `event: ${type}\ndata: ${data}\n\n`;
}

/** The type of an event of Anthropic's is its first field. */
const HEAD_CHARS = 40;

/** Returns JSON without line feeds. Outside of strings they mean nothing, and inside they are escaped. */
function oneLine(json: string): string {
  return /[\r\n]/.test(json) ? json.replace(/[\r\n]+/g, ' ') : json;
}

/** Returns a JSON object with the id of the request as its first field. */
export function withRequestId(json: string, requestId: string): string {
  return json.startsWith('{"') ? `{"requestId":${JSON.stringify(requestId)},${json.slice(1)}` : json;
}

interface Failure {
  /** The status that the exception would have had before the stream began. */
  readonly code: number;
  readonly type: string;
  readonly message: string;
}

/** Returns the exception that a frame reports instead of an event; null if it reports none. */
function failureIn({ headers, payload }: Frame): Failure | null {
  const kind = headers.get(':message-type');
  if (kind !== 'exception' && kind !== 'error') return null;
  const type = headers.get(':exception-type') ?? headers.get(':error-code') ?? 'unknown';
  const json = parseJson(payload.toString('utf8'));
  const said = isObject(json) ? stringOr(json.message ?? json.Message, null) : null;
  const message = said ?? headers.get(':error-message') ?? `the provider failed: ${type}`;
  return { code: STATUSES.get(type.toLowerCase()) ?? 502, type: type.slice(0, 100), message: cleaned(message) };
}

const STATUSES: ReadonlyMap<string, number> = new Map([
  ['throttlingexception', 429],
  ['validationexception', 400],
  ['accessdeniedexception', 403],
  ['expiredtokenexception', 403],
  ['modeltimeoutexception', 504],
  ['internalserverexception', 500],
  ['serviceunavailableexception', 503],
  ['modelstreamerrorexception', 502],
]);

const TYPES: ReadonlyMap<number, string> = new Map([
  [400, 'invalid_request_error'],
  [403, 'permission_error'],
  [429, 'rate_limit_error'],
  [503, 'overloaded_error'],
  [504, 'timeout_error'],
]);
