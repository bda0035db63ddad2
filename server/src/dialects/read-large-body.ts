import type { BodyProblem, FieldSpans, JsonObject } from './dialect.ts';
import { readBody } from './read-body.ts';

/** A body as `readBody` reads it, with what spares others to write it anew. */
export type LargeReading =
  | {
      readonly ok: true;
      readonly body: JsonObject;
      /** What we would write for the body; null: the bytes that came are that. */
      readonly written: Buffer | null;
      /** Where the values of its fields stand in those bytes. */
      readonly spans: FieldSpans;
    }
  | { readonly ok: false; readonly problem: BodyProblem };

/** For a thread of its own: reads, and writes all of the body once. */
export function readLargeBody(raw: Buffer): LargeReading {
  const reading = readBody(raw);
  if (!reading.ok) return reading;
  const { body, isOurs } = reading;
  const spans = new Map<string, readonly [number, number]>();
  const parts: string[] = [];
  let at = 1;
  for (const name in body) {
    const value = JSON.stringify(body[name]);
    const before = `${JSON.stringify(name)}:`;
    const fromAt = at + Buffer.byteLength(before);
    const toAt = fromAt + Buffer.byteLength(value);
    spans.set(name, [fromAt, toAt]);
    at = toAt + 1;
    if (!isOurs) parts.push(before + value);
  }
  return { ok: true, body, written: isOurs ? null : Buffer.from(`{${parts.join(',')}}`), spans };
}
