/** The lines of a batch as its admission saw them, packed: what each holds, or why it is not sent. */

/** The reasons for which a line is not sent. Their order is stored: add new ones at the end. */
export const LINE_ERRORS = [
  'invalid_line',
  'line_too_long',
  'invalid_custom_id',
  'duplicate_custom_id',
  'invalid_method',
  'endpoint_mismatch',
  'invalid_body',
  'model_mismatch',
  'unsupported_field',
] as const;
export type LineError = (typeof LINE_ERRORS)[number];

/** One line. Numbers are whole. */
export type LinePlan = { readonly is: 'refused'; readonly error: LineError } | LineHold;

export interface LineHold {
  readonly is: 'held';
  /** The estimate of its input and of its usual output, in tokens. Without a report of its use, it is charged by them. */
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly nanoUsd: number;
}

/** The sums of what lines hold. */
export interface HeldSum {
  readonly tokens: number;
  readonly nanoUsd: number;
}

const BYTES = 20;
/** Stands for a line that is sent. */
const SENT = 0;

/** Packs lines, 20 bytes each. A line's number is its place, from 0. */
export function packLines(lines: readonly LinePlan[]): Buffer {
  const packed = Buffer.alloc(lines.length * BYTES);
  for (const [index, line] of lines.entries()) {
    const at = index * BYTES;
    if (line.is === 'refused') {
      packed.writeUInt32LE(1 + LINE_ERRORS.indexOf(line.error), at);
      continue;
    }
    packed.writeUInt32LE(SENT, at);
    packed.writeUInt32LE(line.inputTokens, at + 4);
    packed.writeUInt32LE(line.outputTokens, at + 8);
    packed.writeDoubleLE(line.nanoUsd, at + 12);
  }
  return packed;
}

/** The packed lines of a batch. */
export class PackedLines {
  readonly #packed: Buffer;

  constructor(packed: Buffer) {
    this.#packed = packed;
  }

  get count(): number {
    return this.#packed.length / BYTES;
  }

  /** Returns a line by its number; null if there is none. */
  at(line: number): LinePlan | null {
    if (!Number.isInteger(line) || line < 0 || line >= this.count) return null;
    const at = line * BYTES;
    const state = this.#packed.readUInt32LE(at);
    if (state !== SENT) return { is: 'refused', error: LINE_ERRORS[state - 1] ?? 'invalid_line' };
    return {
      is: 'held',
      inputTokens: this.#packed.readUInt32LE(at + 4),
      outputTokens: this.#packed.readUInt32LE(at + 8),
      nanoUsd: this.#packed.readDoubleLE(at + 12),
    };
  }

  /** Returns what the lines hold that are sent and not yet settled. */
  heldBut(settled: LineSet): HeldSum {
    let [tokens, nanoUsd] = [0, 0];
    for (let line = 0; line < this.count; line += 1) {
      const plan = this.at(line);
      if (plan?.is !== 'held' || settled.has(line)) continue;
      tokens += plan.inputTokens + plan.outputTokens;
      nanoUsd += plan.nanoUsd;
    }
    return { tokens: safe(tokens), nanoUsd: safe(nanoUsd) };
  }
}

/** A set of line numbers, one bit each. */
export class LineSet {
  readonly bits: Buffer;

  constructor(bits: Buffer) {
    this.bits = bits;
  }

  static empty(lines: number): LineSet {
    return new LineSet(Buffer.alloc(Math.ceil(lines / 8)));
  }

  has(line: number): boolean {
    return ((this.bits[line >> 3] ?? 0) & (1 << (line & 7))) !== 0;
  }

  add(line: number): void {
    const at = line >> 3;
    if (at < this.bits.length) this.bits[at] = (this.bits[at] ?? 0) | (1 << (line & 7));
  }
}

function safe(sum: number): number {
  return Math.min(sum, Number.MAX_SAFE_INTEGER);
}
