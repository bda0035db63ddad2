/** Reads one line of a batch's input: what it asks, or why it cannot be sent. */
import type { InboundWire, JsonObject, RequestFacts } from '../../dialects/dialect.ts';
import { readBody, readFacts, readTags } from '../../dialects/exchange.ts';
import { BATCH_BOUNDS } from '../../domain/batches/batch.ts';
import type { LineError } from '../../domain/batches/line-plan.ts';

/** A line that can be sent. */
export interface ReadLine {
  readonly is: 'read';
  readonly customId: string;
  readonly body: JsonObject;
  readonly facts: RequestFacts;
  /** The length of the line, which is at least that of its body. */
  readonly bytes: number;
}

/** A line that cannot be sent. */
export interface BadLine {
  readonly is: 'bad';
  readonly error: LineError;
  readonly message: string;
  /** Null if it has none that can be read. */
  readonly customId: string | null;
}

/** Reads a line. `bytes` null: it is longer than a line may be. */
export function readLine(bytes: Buffer | null, endpoint: string, wire: InboundWire): ReadLine | BadLine {
  const limit = `${BATCH_BOUNDS.lineBytes} bytes`;
  if (bytes === null) return bad('line_too_long', `The line is longer than ${limit}, the most allowed.`);
  const reading = readBody(bytes);
  if (!reading.ok) return bad('invalid_line', `The line cannot be read: ${reading.problem.message}.`);
  const { custom_id: customId, method, url, body } = reading.body;
  if (typeof customId !== 'string' || customId === '' || customId.length > BATCH_BOUNDS.customIdChars)
    return bad('invalid_custom_id', `custom_id must be a text of 1 to ${BATCH_BOUNDS.customIdChars} characters.`);
  if (method !== 'POST') return bad('invalid_method', 'method must be POST.', customId);
  if (url !== endpoint) return bad('endpoint_mismatch', `url must be ${endpoint}, the endpoint of the batch.`, customId);
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    return bad('invalid_body', 'body must be an object.', customId);
  return readRequest(customId, body as JsonObject, bytes.length, wire);
}

function readRequest(customId: string, given: JsonObject, bytes: number, wire: InboundWire): ReadLine | BadLine {
  const tagged = readTags(undefined, given);
  if (tagged !== null && !tagged.ok) return bad('invalid_body', unusable(tagged.problem.message), customId);
  const body = tagged === null ? given : tagged.body;
  const facts = readFacts(wire, body);
  if (!facts.ok) return bad('invalid_body', unusable(facts.problem.message), customId);
  if (facts.facts.stream) return bad('unsupported_field', 'stream must be false: a batch has no streams.', customId);
  return { is: 'read', customId, body, facts: facts.facts, bytes };
}

function unusable(problem: string): string {
  return `The body cannot be sent: ${problem}.`;
}

export function bad(error: LineError, message: string, customId: string | null = null): BadLine {
  return { is: 'bad', error, message, customId };
}
