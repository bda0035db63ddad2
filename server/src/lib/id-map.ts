const FIRST_CAPACITY = 1_024;
const HASHED_CHARS = 8;

/**
 * A map by ids whose last characters are random. A `Map` would intern each new id in the old generation. That costs more than the
 * look-up, and only full collections free it, so ids that live for milliseconds must not be stored there.
 */
export class IdMap<Value> {
  #ids: (string | undefined)[] = new Array(FIRST_CAPACITY).fill(undefined);
  #values: (Value | undefined)[] = new Array(FIRST_CAPACITY).fill(undefined);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(id: string): Value | undefined {
    return this.#values[this.#placeOf(id)];
  }

  set(id: string, value: Value): void {
    const place = this.#placeOf(id);
    this.#values[place] = value;
    if (this.#ids[place] !== undefined) return;
    this.#ids[place] = id;
    this.#size += 1;
    // At most half full: a look-up needs only a few steps.
    if (this.#size * 2 > this.#ids.length) this.#grow();
  }

  /** Deletes an id. Returns false if it was not there. */
  delete(id: string): boolean {
    let hole = this.#placeOf(id);
    if (this.#ids[hole] === undefined) return false;
    this.#size -= 1;
    const mask = this.#ids.length - 1;
    // Entries after the hole move into it, unless that would put them before their own first place.
    for (let at = (hole + 1) & mask; this.#ids[at] !== undefined; at = (at + 1) & mask) {
      const wanted = hashOf(this.#ids[at] as string) & mask;
      if (((at - wanted) & mask) < ((at - hole) & mask)) continue;
      this.#ids[hole] = this.#ids[at];
      this.#values[hole] = this.#values[at];
      hole = at;
    }
    this.#ids[hole] = undefined;
    this.#values[hole] = undefined;
    return true;
  }

  /** Returns the index of an id, or the free index where it belongs. */
  #placeOf(id: string): number {
    const ids = this.#ids;
    const mask = ids.length - 1;
    let place = hashOf(id) & mask;
    while (ids[place] !== undefined && ids[place] !== id) place = (place + 1) & mask;
    return place;
  }

  #grow(): void {
    const [ids, values] = [this.#ids, this.#values];
    this.#ids = new Array(ids.length * 2).fill(undefined);
    this.#values = new Array(ids.length * 2).fill(undefined);
    for (let at = 0; at < ids.length; at += 1) {
      const id = ids[at];
      if (id === undefined) continue;
      const place = this.#placeOf(id);
      this.#ids[place] = id;
      this.#values[place] = values[at];
    }
  }
}

/** Returns a hash of 32 bits from the last characters of an id. */
export function hashOf(id: string): number {
  let hash = 0;
  for (let at = Math.max(0, id.length - HASHED_CHARS); at < id.length; at += 1)
    hash = (Math.imul(hash, 31) + id.charCodeAt(at)) | 0;
  return hash >>> 0;
}
