import type { JsonObject } from '../dialect.ts';
import { isObject, objectsIn, stringOr } from '../json.ts';
import { field, fieldObject } from './fields.ts';

/** Returns the parts that a candidate has said. */
export function partsOf(candidate: JsonObject): JsonObject[] {
  return objectsIn(fieldObject(candidate, 'content').parts);
}

/**
 * Returns the word with which an answer ended: the first candidate's finish reason, or the reason for which the prompt was blocked,
 * after which there are no candidates. Null: it has not ended.
 */
export function finishWord(answer: JsonObject): string | null {
  for (const candidate of objectsIn(answer.candidates)) {
    const reason = field(candidate, 'finishReason');
    if (typeof reason === 'string' && reason !== '') return reason;
  }
  return blockReason(answer);
}

/** Returns the reason for which the prompt was blocked; null if it was not. */
export function blockReason(answer: JsonObject): string | null {
  return stringOr(field(fieldObject(answer, 'promptFeedback'), 'blockReason'), null);
}

/** Returns the bytes of text, thoughts and arguments in an answer or a chunk. */
export function contentBytes(answer: JsonObject): number {
  let bytes = 0;
  for (const candidate of objectsIn(answer.candidates)) {
    for (const part of partsOf(candidate)) {
      bytes += Buffer.byteLength(stringOr(part.text, ''));
      const call = field(part, 'functionCall');
      if (isObject(call)) bytes += Buffer.byteLength(JSON.stringify(call.args ?? field(call, 'partialArgs') ?? ''));
      const code = field(part, 'executableCode');
      if (isObject(code)) bytes += Buffer.byteLength(stringOr(code.code, ''));
    }
  }
  return bytes;
}
