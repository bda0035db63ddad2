/** Calls of an operation with values inside and outside its schema. */
import fc from 'fast-check';
import { type BodyType, type Contract, escaped, type Operation, type Schema } from './contract.ts';
import { type Making, spoiled, valuesOf } from './values.ts';

export interface FuzzCall {
  readonly operation: Operation;
  /** Below `/api/v1`, with its query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** JSON text or a form, as `bodyType` says; null: none. */
  readonly body: string | null;
  readonly bodyType: BodyType;
  /** What does not fit the contract; null if everything fits. */
  readonly misfit: string | null;
}

/** Numbers below a bound, each run of a seed the same. */
export function picker(seed: number): (below: number) => number {
  let state = seed >>> 0 || 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state % Math.max(below, 1);
  };
}

/** Returns one call. `pick` decides everything, so that a seed repeats a run as far as the gateway's ids allow. */
export function callOf(contract: Contract, operation: Operation, making: Making, pick: (below: number) => number): FuzzCall {
  const isSpoiled = pick(2) === 1;
  const bad: string[] = [];
  const query = queryOf(contract, operation, making, pick, isSpoiled, bad);
  const headers = headersOf(operation, pick, isSpoiled, bad);
  const { body, bodyType } = bodyOf(contract, operation, making, pick, isSpoiled, bad);
  const path = operation.path.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(pathValue(operation, name, making, pick)),
  );
  return { operation, path: `${path}${query}`, headers, body, bodyType, misfit: bad.length === 0 ? null : bad.join('; ') };
}

/** An id that is there, mostly; else one that is not. A path that names nothing is 404, whatever it looks like. */
function pathValue({ path, parameters }: Operation, name: string, making: Making, pick: (below: number) => number): string {
  const known = making.known(`${path.split('/')[1]}/${name}`);
  if (known.length > 0 && pick(8) > 0) return known[pick(known.length)] as string;
  const schema = parameters.find((one) => one.in === 'path' && one.name === name)?.schema ?? {};
  return sample(valuesAt(`${path} ${name}`, schema, '', { ...making, known: () => [] }), pick, isSegment) as string;
}

/** Reports whether a value stays a part of a path: URLs take `.` and `..` away. */
function isSegment(value: unknown): boolean {
  return value !== '.' && value !== '..';
}

function queryOf(
  contract: Contract,
  operation: Operation,
  making: Making,
  pick: (below: number) => number,
  isSpoiled: boolean,
  bad: string[],
): string {
  const search = new URLSearchParams();
  for (const [index, { name, in: place, required, schema }] of operation.parameters.entries()) {
    if (place !== 'query' || (required !== true && pick(4) > 0)) continue;
    const pointer = `${operation.pointer}/parameters/${index}/schema`;
    const fits = (value: unknown) => contract.misfit(pointer, value) === null;
    const inside = sample(valuesAt(pointer, schema, name, making), pick, fits);
    const value = isSpoiled && pick(3) === 0 ? spoiled('', pick) : inside;
    const text = typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value);
    const misfit = contract.misfit(pointer, readAs(contract.resolve(schema), text));
    if (misfit !== null) bad.push(`?${name} ${misfit}`);
    search.append(name, text);
  }
  if (isSpoiled && pick(8) === 0) {
    search.append('no_such_parameter', '1');
    bad.push('?no_such_parameter');
  }
  return search.size === 0 ? '' : `?${search}`;
}

/** A text of a query as the type of its schema: a number, true or false, or the text. */
export function readAs({ type }: Schema, text: string): unknown {
  if (type === 'boolean' && (text === 'true' || text === 'false')) return text === 'true';
  if (type === 'integer' && /^-?[0-9]{1,16}$/.test(text)) return Number(text);
  if (type === 'number' && /^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?$/.test(text)) return Number(text);
  return text;
}

function headersOf(
  { parameters }: Operation,
  pick: (below: number) => number,
  isSpoiled: boolean,
  bad: string[],
): Record<string, string> {
  const headers: Record<string, string> = {};
  const takes = (name: string) => parameters.some((one) => one.in === 'header' && one.name === name);
  if (takes('x-headgate-reason') && pick(4) === 0) {
    const length = isSpoiled && pick(2) === 0 ? 501 + pick(500) : pick(501);
    if (length > 0) headers['x-headgate-reason'] = 'r'.repeat(length);
    if (length > 500) bad.push('x-headgate-reason');
  }
  if (takes('if-match') && pick(6) === 0) headers['if-match'] = ['"1"', '"7"', '*', 'W/"1"', 'x'][pick(5)] as string;
  if (takes('idempotency-key') && pick(6) === 0) headers['idempotency-key'] = `key-${pick(40)}`;
  return headers;
}

/** A body and its type. A required one is left out now and then, and a form is sent as JSON. */
function bodyOf(
  contract: Contract,
  operation: Operation,
  making: Making,
  pick: (below: number) => number,
  isSpoiled: boolean,
  bad: string[],
): Pick<FuzzCall, 'body' | 'bodyType'> {
  const { body: schema, pointer, isBodyRequired, bodyType } = operation;
  if (schema === null) {
    if (!isSpoiled || operation.method === 'GET' || pick(6) > 0) return { body: null, bodyType };
    bad.push('a body where none is taken');
    return { body: '{"unknown":1}', bodyType };
  }
  if (!isBodyRequired && pick(3) === 0) return { body: null, bodyType };
  const at = `${pointer}/requestBody/content/${escaped(bodyType)}/schema`;
  const fits = (value: unknown) => contract.misfit(at, value) === null;
  const inside = sample(valuesAt(at, schema, '', making), pick, fits);
  const isForm = bodyType !== 'application/json';
  if (!isSpoiled) return { body: isForm ? formText(inside) : JSON.stringify(inside), bodyType };
  const kind = pick(12);
  if (kind === 0) {
    bad.push(isForm ? 'JSON in place of a form' : 'no JSON');
    if (isForm) return { body: JSON.stringify(inside), bodyType: 'application/json' };
    return { body: ['{', '{"a":1,}', 'null', '{"name":"a","name":"b"', '\u0000'][pick(5)] as string, bodyType };
  }
  if (kind === 1 && isBodyRequired) {
    bad.push('no body where one is required');
    return { body: null, bodyType };
  }
  const value = spoiled(inside, pick);
  const text = isForm ? formText(value) : (JSON.stringify(value) ?? 'null');
  // A form knows texts alone: what was another type is one by now.
  const misfit = contract.misfit(at, isForm ? Object.fromEntries(new URLSearchParams(text)) : value);
  if (misfit !== null) bad.push(misfit);
  return { body: text, bodyType };
}

function formText(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value);
  const fields = Object.entries(value).map(([name, field]): [string, string] => [
    name,
    typeof field === 'string' ? field : JSON.stringify(field),
  ]);
  return new URLSearchParams(fields).toString();
}

/** Arbitraries by where their schema stands. They are made once: a body has hundreds of fields. */
const arbitraries = new Map<string, fc.Arbitrary<unknown>>();

function valuesAt(pointer: string, schema: Schema, name: string, making: Making): fc.Arbitrary<unknown> {
  const known = arbitraries.get(pointer) ?? valuesOf(schema, name, making);
  arbitraries.set(pointer, known);
  return known;
}

const TRIES = 60;

/** A value that fits. Values that state no rule between fields fit at once; others are tried. */
function sample(values: fc.Arbitrary<unknown>, pick: (below: number) => number, fits: (value: unknown) => boolean): unknown {
  let value: unknown;
  for (let tries = 0; tries < TRIES; tries += 1) {
    value = fc.sample(values, { numRuns: 1 + pick(4), seed: pick(2 ** 30) }).at(-1);
    if (fits(value)) return value;
  }
  throw new Error(`no value of ${TRIES} fits, the last ${JSON.stringify(value)?.slice(0, 300)}`);
}
