/**
 * Bounds the age of the oldest row that is not stored. Rows are stored in order: once as many are stored as waited at some moment, all others
 * arrived after that moment.
 */
export class OldestRow {
  /** No row that is not stored arrived before this moment; null while there is none. */
  #sinceMs: number | null = null;
  /** The rows that waited at a moment, and how many of them are left. */
  #counted: { readonly atMs: number; left: number } | null = null;

  /** Call it when so many rows wait. */
  waiting(rows: number, nowMs: number): void {
    this.#sinceMs ??= nowMs;
    this.#counted ??= { atMs: nowMs, left: rows };
  }

  /** Call it when the oldest rows are stored. */
  stored(rows: number): void {
    if (this.#counted === null) return;
    this.#counted.left -= rows;
    if (this.#counted.left > 0) return;
    this.#sinceMs = this.#counted.atMs;
    this.#counted = null;
  }

  /** Call it when every row is stored. */
  none(): void {
    this.#sinceMs = null;
    this.#counted = null;
  }

  ageMs(nowMs: number): number {
    return this.#sinceMs === null ? 0 : nowMs - this.#sinceMs;
  }
}
