/**
 * Reads the XML that SAML needs, and refuses the rest. A signature is checked by a library that understands all of XML. Attacks
 * live from texts that two readers understand differently, so what has a second meaning is refused before either reads it: DOCTYPE,
 * entities of its own, processing instructions, CDATA, and comments that divide a text. Takes time that is linear in the text.
 */

/** An element with resolved namespaces. */
export interface XmlElement {
  /** The name without its prefix. */
  readonly local: string;
  /** The namespace; empty: none. */
  readonly namespace: string;
  /** By name; those with a namespace as `{namespace}name`. Declarations of namespaces are left out. */
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: readonly XmlElement[];
  /** The element's own text, without that of its children. */
  readonly text: string;
  /** True if a comment stands directly in it. */
  readonly hasComment: boolean;
}

export type XmlOutcome = { readonly is: 'read'; readonly root: XmlElement } | { readonly is: 'refused'; readonly words: string };

export interface XmlBounds {
  readonly depthMax: number;
  readonly elementsMax: number;
  /** `refused`: anywhere. `between`: they may stand between elements, as in metadata that people wrote. */
  readonly comments: 'refused' | 'between';
}

const ATTRIBUTES_MAX = 64;
/** The most attributes of a document, for each element that it may have. */
const ATTRIBUTES_AN_ELEMENT = 3;
const NAMESPACES_MAX = 64;
const NAME = /[A-Za-z_][A-Za-z0-9_.-]{0,199}(?::[A-Za-z_][A-Za-z0-9_.-]{0,199})?/y;
const SPACE = /[ \t\n]*/y;
const DECLARATION = /^<\?xml[ \t\n]+version[ \t\n]*=[ \t\n]*["']1\.0["']([^?<>]*)\?>/;
const ENCODING = /encoding[ \t\n]*=[ \t\n]*["']([A-Za-z0-9._-]{1,40})["']/;
const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };
const XML_NAMESPACE = 'http://www.w3.org/XML/1998/namespace';
// biome-ignore lint/suspicious/noControlCharactersInRegex: XML forbids these characters, and so does this reader.
const FORBIDDEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/;

class Refused extends Error {}

interface OpenElement {
  readonly name: string;
  readonly local: string;
  readonly namespace: string;
  readonly attributes: Map<string, string>;
  readonly children: XmlElement[];
  readonly scope: ReadonlyMap<string, string>;
  text: string;
  hasComment: boolean;
}

/** Reads a document. Returns words for a person if it is no XML, or XML with more than SAML needs. */
export function readXml(given: string, bounds: XmlBounds): XmlOutcome {
  try {
    return { is: 'read', root: new Reader(given.replaceAll(/\r\n?/g, '\n'), bounds).read() };
  } catch (error) {
    if (error instanceof Refused) return { is: 'refused', words: error.message };
    throw error;
  }
}

class Reader {
  readonly #text: string;
  readonly #bounds: XmlBounds;
  readonly #open: OpenElement[] = [];
  #at = 0;
  #elements = 0;
  #attributesSeen = 0;
  #root: XmlElement | null = null;

  constructor(text: string, bounds: XmlBounds) {
    this.#text = text;
    this.#bounds = bounds;
  }

  read(): XmlElement {
    if (FORBIDDEN.test(this.#text)) throw new Refused('the XML has control characters');
    if (this.#text.charCodeAt(0) === 0xfeff) this.#at = 1;
    this.#skipDeclaration();
    while (this.#at < this.#text.length) this.#step();
    if (this.#open.length > 0) throw new Refused(`the XML ends inside <${this.#open.at(-1)?.name}>`);
    if (this.#root === null) throw new Refused('there is no XML in it');
    return this.#root;
  }

  #skipDeclaration(): void {
    const found = DECLARATION.exec(this.#text.slice(this.#at, this.#at + 200));
    if (found === null) return;
    const encoding = ENCODING.exec(found[1] as string)?.[1];
    if (encoding !== undefined && !/^utf-?8$/i.test(encoding))
      throw new Refused(`the XML says that its encoding is ${encoding}; only UTF-8 is read`);
    this.#at += found[0].length;
  }

  #step(): void {
    const next = this.#text.indexOf('<', this.#at);
    this.#addText(this.#text.slice(this.#at, next === -1 ? this.#text.length : next));
    this.#at = next === -1 ? this.#text.length : next;
    if (next === -1) return;
    if (this.#text.startsWith('<!--', next)) this.#comment();
    else if (this.#text.startsWith('<![CDATA[', next)) throw new Refused('the XML has a CDATA section');
    else if (this.#text.startsWith('<!', next)) throw new Refused('the XML has a DOCTYPE, which may define entities');
    else if (this.#text.startsWith('<?', next)) throw new Refused('the XML has a processing instruction');
    else if (this.#text.startsWith('</', next)) this.#close();
    else this.#start();
  }

  #comment(): void {
    const end = this.#text.indexOf('--', this.#at + 4);
    if (end === -1 || this.#text[end + 2] !== '>') throw new Refused('the XML has a comment without an end');
    if (this.#bounds.comments === 'refused')
      throw new Refused('the XML has a comment, which can divide a text into two meanings');
    const parent = this.#open.at(-1);
    if (parent !== undefined) parent.hasComment = true;
    this.#at = end + 3;
  }

  #addText(raw: string): void {
    if (raw === '') return;
    const parent = this.#open.at(-1);
    if (parent !== undefined) parent.text += decoded(raw);
    else if (raw.trim() !== '') throw new Refused('the XML has text outside its first element');
  }

  #start(): void {
    if (this.#root !== null) throw new Refused('the XML has more than one first element');
    this.#elements += 1;
    if (this.#elements > this.#bounds.elementsMax)
      throw new Refused(`the XML has more than ${this.#bounds.elementsMax} elements`);
    if (this.#open.length >= this.#bounds.depthMax)
      throw new Refused(`the XML is nested more than ${this.#bounds.depthMax} elements deep`);
    this.#at += 1;
    const name = this.#name();
    const raw = this.#attributes();
    const scope = scopeOf(raw, this.#open.at(-1)?.scope ?? new Map([['xml', XML_NAMESPACE]]));
    const { local, namespace } = resolved(name, scope, 'element');
    const element = { name, local, namespace, attributes: namedBy(raw, scope), children: [], scope, text: '', hasComment: false };
    this.#open.push(element);
    if (this.#text[this.#at] === '/') {
      this.#expect('/>');
      this.#end();
    } else this.#expect('>');
  }

  #close(): void {
    this.#at += 2;
    const name = this.#name();
    SPACE.lastIndex = this.#at;
    SPACE.test(this.#text);
    this.#at = SPACE.lastIndex;
    this.#expect('>');
    if (this.#open.at(-1)?.name !== name) throw new Refused(`the XML closes <${name}>, which is not open`);
    this.#end();
  }

  #end(): void {
    const { local, namespace, attributes, children, text, hasComment } = this.#open.pop() as OpenElement;
    const element: XmlElement = { local, namespace, attributes, children, text, hasComment };
    const parent = this.#open.at(-1);
    if (parent === undefined) this.#root = element;
    else parent.children.push(element);
  }

  #attributes(): ReadonlyMap<string, string> {
    const found = new Map<string, string>();
    for (;;) {
      const before = this.#at;
      SPACE.lastIndex = before;
      SPACE.test(this.#text);
      this.#at = SPACE.lastIndex;
      const next = this.#text[this.#at];
      if (next === '>' || next === '/' || next === undefined) return found;
      if (this.#at === before) throw new Refused('the XML has an attribute without a space before it');
      if (found.size >= ATTRIBUTES_MAX) throw new Refused(`an element has more than ${ATTRIBUTES_MAX} attributes`);
      const name = this.#name();
      SPACE.lastIndex = this.#at;
      SPACE.test(this.#text);
      this.#at = SPACE.lastIndex;
      this.#expect('=');
      SPACE.lastIndex = this.#at;
      SPACE.test(this.#text);
      this.#at = SPACE.lastIndex;
      const quote = this.#text[this.#at];
      if (quote !== '"' && quote !== "'") throw new Refused(`the attribute ${name} has no quotes`);
      const end = this.#text.indexOf(quote, this.#at + 1);
      if (end === -1) throw new Refused(`the attribute ${name} has no end`);
      const value = this.#text.slice(this.#at + 1, end);
      if (value.includes('<')) throw new Refused(`the attribute ${name} has a <`);
      if (found.has(name)) throw new Refused(`an element has the attribute ${name} twice`);
      found.set(name, decoded(value.replaceAll(/[\t\n]/g, ' ')));
      this.#attributesSeen += 1;
      const attributesMax = this.#bounds.elementsMax * ATTRIBUTES_AN_ELEMENT;
      if (this.#attributesSeen > attributesMax) throw new Refused(`the XML has more than ${attributesMax} attributes`);
      this.#at = end + 1;
    }
  }

  #name(): string {
    NAME.lastIndex = this.#at;
    const found = NAME.exec(this.#text);
    if (found === null) throw new Refused(`the XML is broken at character ${this.#at + 1}`);
    this.#at = NAME.lastIndex;
    return found[0];
  }

  #expect(wanted: string): void {
    if (!this.#text.startsWith(wanted, this.#at)) throw new Refused(`the XML is broken at character ${this.#at + 1}`);
    this.#at += wanted.length;
  }
}

/** Returns the namespaces by prefix that an element sees; the default one under the empty prefix. */
function scopeOf(raw: ReadonlyMap<string, string>, parent: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  let scope: Map<string, string> | null = null;
  for (const [name, value] of raw) {
    if (name !== 'xmlns' && !name.startsWith('xmlns:')) continue;
    const prefix = name.slice(6);
    if (prefix === 'xml' || prefix === 'xmlns' || (prefix !== '' && value === ''))
      throw new Refused(`the XML declares the prefix ${prefix} in a way that is not allowed`);
    scope ??= new Map(parent);
    scope.set(prefix, value);
    if (scope.size > NAMESPACES_MAX) throw new Refused(`the XML declares more than ${NAMESPACES_MAX} namespaces`);
  }
  return scope ?? parent;
}

function namedBy(raw: ReadonlyMap<string, string>, scope: ReadonlyMap<string, string>): Map<string, string> {
  const found = new Map<string, string>();
  for (const [name, value] of raw) {
    if (name === 'xmlns' || name.startsWith('xmlns:')) continue;
    const { local, namespace } = resolved(name, scope, 'attribute');
    const key = namespace === '' ? local : `{${namespace}}${local}`;
    if (found.has(key)) throw new Refused(`an element has the attribute ${local} twice`);
    found.set(key, value);
  }
  return found;
}

function resolved(name: string, scope: ReadonlyMap<string, string>, of: 'element' | 'attribute') {
  const colon = name.indexOf(':');
  if (colon === -1) return { local: name, namespace: of === 'element' ? (scope.get('') ?? '') : '' };
  const namespace = scope.get(name.slice(0, colon));
  if (namespace === undefined) throw new Refused(`the prefix of ${name} is not declared`);
  return { local: name.slice(colon + 1), namespace };
}

function decoded(raw: string): string {
  if (!raw.includes('&')) return raw;
  return raw.replaceAll(/&([^;&]{0,12};?)/g, (_, body: string) => {
    if (!body.endsWith(';')) throw new Refused('the XML has an & that begins no entity');
    const name = body.slice(0, -1);
    const known = Object.hasOwn(ENTITIES, name) ? ENTITIES[name] : undefined;
    if (known !== undefined) return known;
    const code = /^#(?:x([0-9a-fA-F]{1,6})|([0-9]{1,7}))$/.exec(name);
    if (code === null) throw new Refused(`the XML uses the entity &${name};, which only a DOCTYPE can define`);
    const point = code[1] === undefined ? Number(code[2]) : Number.parseInt(code[1], 16);
    const isAllowed = point <= 0x10ffff && !(point >= 0xd800 && point <= 0xdfff);
    if (!isAllowed || FORBIDDEN.test(String.fromCodePoint(point)))
      throw new Refused(`the XML has the character &${name};, which XML forbids`);
    return String.fromCodePoint(point);
  });
}

/** Returns all elements, the given one first, in the order of the document. */
export function* everyElement(root: XmlElement): Generator<XmlElement> {
  const rest: XmlElement[] = [root];
  for (let next = rest.pop(); next !== undefined; next = rest.pop()) {
    yield next;
    for (let i = next.children.length - 1; i >= 0; i -= 1) rest.push(next.children[i] as XmlElement);
  }
}

/** Returns the children with this name. */
export function childrenOf(element: XmlElement, namespace: string, local: string): readonly XmlElement[] {
  return element.children.filter((child) => child.local === local && child.namespace === namespace);
}

/** Returns the text of an element that has nothing but text, without the space around it; null for any other. */
export function leafText(element: XmlElement): string | null {
  return element.children.length > 0 || element.hasComment ? null : element.text.trim();
}
