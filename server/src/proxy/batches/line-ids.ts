/** Ids that a batch and a number determine, so that whoever settles a line again writes the same row. */
import { hash } from 'node:crypto';
import { requestIdAt } from '../../lib/id.ts';

/** Returns the id of a line's row in the request log. `atMs`: the admission of its batch. */
export function lineRequestId(batchId: string, line: number, atMs: number): string {
  return requestIdAt(tailOf(`${batchId} line ${line}`), atMs);
}

/** Returns the id of the nth hold of a batch. No row has it. */
export function holdRequestId(batchId: string, number: number, atMs: number): string {
  return requestIdAt(tailOf(`${batchId} hold ${number}`), atMs);
}

/** Returns the tail of a request id: the version, 12 bits, the variant and 62 bits. */
function tailOf(text: string): string {
  const hex = hash('sha256', text, 'hex');
  const variant = ((Number.parseInt(hex[3] as string, 16) & 3) | 8).toString(16);
  return `7${hex.slice(0, 3)}${variant}${hex.slice(4, 19)}`;
}
