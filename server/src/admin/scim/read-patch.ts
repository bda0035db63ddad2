import { isObject } from './read-user.ts';
import { invalidPath, invalidSyntax, ScimError } from './scim-error.ts';

/** The most operations of one request. */
export const OPERATIONS_MAX = 1_000;
const PATH_LENGTH_MAX = 512;

/** One operation of a PATCH, with its words in lower case. `path` null: the value names the attributes. */
export interface Operation {
  readonly op: 'add' | 'replace' | 'remove';
  readonly path: string | null;
  readonly value: unknown;
}

/** Reads the operations of a PATCH. None is allowed: nothing changes then. Throws a ScimError. */
export function readPatch(body: unknown): readonly Operation[] {
  if (!isObject(body)) throw invalidSyntax('The body must be a JSON object with Operations.');
  const list = fieldOf(body, 'operations');
  if (!Array.isArray(list)) throw invalidSyntax('Operations must be a list.');
  if (list.length > OPERATIONS_MAX)
    throw new ScimError(413, `A request must have at most ${OPERATIONS_MAX} operations.`, 'tooMany');
  return list.map(readOperation);
}

function readOperation(given: unknown): Operation {
  if (!isObject(given)) throw invalidSyntax('Each operation must be an object.');
  const op = String(fieldOf(given, 'op') ?? '').toLowerCase();
  if (op !== 'add' && op !== 'replace' && op !== 'remove') throw invalidSyntax('op must be add, replace or remove.');
  const path = fieldOf(given, 'path') ?? null;
  if (path !== null && typeof path !== 'string') throw invalidPath('path must be a text.');
  if (path !== null && path.length > PATH_LENGTH_MAX) throw invalidPath(`path must have at most ${PATH_LENGTH_MAX} characters.`);
  const isWhole = path === null || path.trim() === '';
  if (op === 'remove' && isWhole) throw new ScimError(400, 'A remove operation needs a path.', 'noTarget');
  const value = fieldOf(given, 'value');
  if (op !== 'remove' && value === undefined) throw invalidSyntax(`An operation ${op} needs a value.`);
  return { op, path: isWhole ? null : path.trim(), value };
}

/** Returns a field by its name in lower case. */
export function fieldOf(object: Readonly<Record<string, unknown>>, name: string): unknown {
  return Object.entries(object).find(([given]) => given.toLowerCase() === name)?.[1];
}

/** The parts of a path: `emails[type eq "work"].value` or `name.givenName`. */
export interface PathParts {
  readonly attribute: string;
  readonly filter: { readonly part: string; readonly equals: string } | null;
  readonly part: string | null;
}

const PATH =
  /^(?<attribute>[A-Za-z$][\w$-]*)(?:\[\s*(?<by>[A-Za-z][\w$-]*)\s+eq\s+(?:"(?<text>[^"\\\]]{0,300})"|(?<word>true|false))\s*\])?(?:\.(?<part>[A-Za-z$][\w$-]*))?$/i;

/** Reads a path without the name of a schema. Throws 400 `invalidPath` for one that has another form. */
export function readPath(path: string): PathParts {
  const groups = PATH.exec(path)?.groups;
  if (groups === undefined)
    throw invalidPath('A path must have the form name.givenName, emails[type eq "work"].value or members[value eq "id"].');
  const { attribute = '', by, text, word, part } = groups;
  return { attribute, filter: by === undefined ? null : { part: by, equals: text ?? word ?? '' }, part: part ?? null };
}
