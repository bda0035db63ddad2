/** Reads JSON with comments and trailing commas, as settings of agents are written, and keeps where everything stands. */

export type JsonNode = JsonObject | JsonArray | JsonScalar;

interface Placed {
  /** Offsets in the text: the first character, and the one after the last. */
  readonly start: number;
  readonly end: number;
}

export interface JsonObject extends Placed {
  readonly is: 'object';
  readonly members: readonly JsonMember[];
}

export interface JsonArray extends Placed {
  readonly is: 'array';
  readonly items: readonly JsonNode[];
}

export interface JsonScalar extends Placed {
  readonly is: 'scalar';
  readonly value: string | number | boolean | null;
}

export interface JsonMember {
  readonly key: string;
  /** The offset of the key. */
  readonly start: number;
  readonly value: JsonNode;
}

/** The text is no JSON, even with comments. Its message names the line. */
export class NotJson extends Error {}

const DEPTH_MAX = 200;
const SPACE = /[ \t\r\n]*/y;
const COMMENT = /\/\/[^\n]*|\/\*[\s\S]*?\*\//y;
const STRING = /"(?:[^"\\\p{Cc}]|[\u007f-\u009f]|\\["\\/bfnrt]|\\u[0-9a-fA-F]{4})*"/uy;
const LITERAL = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;

/** Returns the value of a text; null if there are only spaces and comments. Throws NotJson. */
export function parseJsonc(text: string): JsonNode | null {
  const reader = new Reader(text);
  reader.skip();
  if (reader.at === text.length) return null;
  const node = reader.value(0);
  reader.skip();
  if (reader.at < text.length) throw reader.wrong('the end');
  return node;
}

/** Returns the offset after spaces and comments. */
export function afterSpace(text: string, from: number): number {
  const reader = new Reader(text);
  reader.at = from;
  reader.skip();
  return reader.at;
}

/** Returns the plain value of a node. */
export function plainValue(node: JsonNode): unknown {
  if (node.is === 'scalar') return node.value;
  if (node.is === 'array') return node.items.map(plainValue);
  // By definition, so that `__proto__` is a key like others.
  const entries = node.members.map(({ key, value }) => [key, plainValue(value)] as const);
  return Object.fromEntries(entries);
}

class Reader {
  readonly text: string;
  at: number;

  constructor(text: string) {
    this.text = text;
    this.at = text.startsWith('\uFEFF') ? 1 : 0;
  }

  value(depth: number): JsonNode {
    if (depth > DEPTH_MAX) throw this.wrong(`at most ${DEPTH_MAX} levels`);
    const start = this.at;
    if (this.took('{')) return { is: 'object', start, members: this.listed('}', () => this.member(depth)), end: this.at };
    if (this.took('[')) return { is: 'array', start, items: this.listed(']', () => this.value(depth + 1)), end: this.at };
    const value = this.text[start] === '"' ? this.string() : this.literal();
    return { is: 'scalar', value, start, end: this.at };
  }

  skip(): void {
    do this.match(SPACE);
    while (this.match(COMMENT) !== null);
  }

  wrong(expected: string): NotJson {
    const before = this.text.slice(0, this.at).split('\n');
    return new NotJson(`line ${before.length}, column ${(before.at(-1) ?? '').length + 1}: expected ${expected}`);
  }

  private member(depth: number): JsonMember {
    const start = this.at;
    const key = this.string();
    this.skip();
    if (!this.took(':')) throw this.wrong('“:”');
    this.skip();
    return { key, start, value: this.value(depth + 1) };
  }

  /** Reads what is separated by commas, up to the closing bracket. */
  private listed<T>(close: '}' | ']', read: () => T): T[] {
    const found: T[] = [];
    for (;;) {
      this.skip();
      if (this.took(close)) return found;
      found.push(read());
      this.skip();
      if (this.took(',')) continue;
      if (this.took(close)) return found;
      throw this.wrong(`“,” or “${close}”`);
    }
  }

  private string(): string {
    const text = this.match(STRING);
    if (text === null) throw this.wrong('a text in double quotes');
    return JSON.parse(text) as string;
  }

  private literal(): JsonScalar['value'] {
    const text = this.match(LITERAL);
    if (text === null) throw this.wrong('a value');
    return JSON.parse(text) as JsonScalar['value'];
  }

  private took(character: string): boolean {
    const isNext = this.text[this.at] === character;
    if (isNext) this.at += 1;
    return isNext;
  }

  private match(pattern: RegExp): string | null {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text);
    if (found === null) return null;
    this.at += found[0].length;
    return found[0];
  }
}
