/** The rules behind the shape ids that were written last. */
const SHAPES_MAX = 4_096;

export class KnownShapes {
  readonly #rules = new Map<string, string>();

  /** Returns `known` if the shape was written recently. */
  add(organizationId: string, shapeId: string, rulesJson: string): 'new' | 'known' {
    const name = nameOf(organizationId, shapeId);
    if (this.#rules.has(name)) return 'known';
    if (this.#rules.size >= SHAPES_MAX) this.#rules.delete(this.#rules.keys().next().value as string);
    this.#rules.set(name, rulesJson);
    return 'new';
  }

  find(organizationId: string, shapeId: string): string | null {
    return this.#rules.get(nameOf(organizationId, shapeId)) ?? null;
  }
}

function nameOf(organizationId: string, shapeId: string): string {
  return `${organizationId}\t${shapeId}`;
}
