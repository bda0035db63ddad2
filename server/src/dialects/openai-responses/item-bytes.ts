import { objectsIn, stringOr } from '../json.ts';

/** Returns the bytes of text, reasoning and arguments in items of a response. What is encrypted does not count. */
export function itemBytes(items: unknown): number {
  let bytes = 0;
  for (const item of objectsIn(items)) {
    for (const part of [...objectsIn(item.content), ...objectsIn(item.summary)])
      bytes += Buffer.byteLength(stringOr(part.text, '') + stringOr(part.refusal, ''));
    bytes += Buffer.byteLength(stringOr(item.arguments, '') + stringOr(item.input, ''));
  }
  return bytes;
}
