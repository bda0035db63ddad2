import { type Filter, parse } from 'scim2-parse-filter';
import type { GroupCondition } from '../../store/identity/scim-groups.ts';
import type { PersonCondition } from '../../store/identity/scim-people.ts';
import { withoutCoreSchema } from './attributes.ts';
import { readSimple } from './read-user.ts';
import { ScimError } from './scim-error.ts';

const LENGTH_MAX = 1_000;
const LEVELS_MAX = 4;
const CONDITIONS_MAX = 10;

/** An equality: the attribute in lower case, and the value that it must have. `type`: of the address that is compared. */
interface Equality {
  readonly path: string;
  readonly value: unknown;
  readonly type: string | null;
}

/** Reads a filter of people: `eq` and `and` over a few attributes. Throws 400 `invalidFilter` for everything else. */
export function readPersonFilter(filter: string | undefined): readonly PersonCondition[] {
  return equalitiesOf(filter).map(({ path, value, type }): PersonCondition => {
    switch (path) {
      case 'id':
        return { on: 'id', equals: textOf(value) };
      case 'externalid':
        return { on: 'externalId', equals: textOf(value) };
      case 'username':
        return { on: 'userName', equals: textOf(value) };
      case 'displayname':
        return { on: 'displayName', equals: textOf(value) };
      case 'emails':
      case 'emails.value':
        return { on: 'email', type, equals: textOf(value) };
      case 'active':
        return { on: 'active', equals: flagOf(value) };
      default:
        throw unsupported(PEOPLE);
    }
  });
}

/** Reads a filter of groups. */
export function readGroupFilter(filter: string | undefined): readonly GroupCondition[] {
  return equalitiesOf(filter).map(({ path, value }): GroupCondition => {
    switch (path) {
      case 'id':
        return { on: 'id', equals: textOf(value) };
      case 'externalid':
        return { on: 'externalId', equals: textOf(value) };
      case 'displayname':
        return { on: 'displayName', equals: textOf(value) };
      default:
        throw unsupported(GROUPS);
    }
  });
}

const PEOPLE = 'id, userName, externalId, displayName, emails.value, emails[type eq "work"].value and active';
const GROUPS = 'id, displayName and externalId';

function unsupported(attributes: string): ScimError {
  return invalid(`People and groups are found with eq, joined by and. This filter may compare ${attributes}.`);
}

function invalid(detail: string): ScimError {
  return new ScimError(400, detail, 'invalidFilter');
}

function equalitiesOf(filter: string | undefined): readonly Equality[] {
  if (filter === undefined || filter.trim() === '') return [];
  if (filter.length > LENGTH_MAX) throw invalid(`The filter must have at most ${LENGTH_MAX} characters.`);
  if (levelsOf(filter) > LEVELS_MAX) throw invalid(`The filter must have at most ${LEVELS_MAX} levels of brackets.`);
  const parsed = parsedFrom(filter);
  const parts = flat(parsed);
  if (parts.length > CONDITIONS_MAX) throw invalid(`The filter must have at most ${CONDITIONS_MAX} conditions.`);
  return parts.flatMap((part, index) => equalityOf(part, { before: parts[index - 1], after: parts[index + 1] }));
}

function parsedFrom(filter: string): Filter {
  try {
    return parse(filter);
  } catch {
    throw invalid('The filter cannot be read. An example: userName eq "ada@acme.test"');
  }
}

/** Returns the parts of nested `and`s in order. */
function flat(filter: Filter): readonly Filter[] {
  return filter.op === 'and' ? filter.filters.flatMap(flat) : [filter];
}

/**
 * Returns the equality of one part. The parser reads `emails[type eq "work"].value eq "x"` as two parts: the one in brackets, and
 * `emails.value eq "x"` right after it.
 */
function equalityOf(
  part: Filter,
  { before, after }: { readonly before: Filter | undefined; readonly after: Filter | undefined },
): readonly Equality[] {
  if (part.op === '[]') {
    typeIn(part);
    if (after?.op !== 'eq' || pathOf(after.attrPath) !== 'emails.value') throw unsupported(PEOPLE);
    return [];
  }
  if (part.op !== 'eq') throw unsupported(PEOPLE);
  const type = before?.op === '[]' ? typeIn(before) : null;
  return [{ path: pathOf(part.attrPath), value: part.compValue, type }];
}

/** Returns the type in `emails[type eq "work"]`. Throws for any other part in brackets. */
function typeIn(part: Extract<Filter, { readonly op: '[]' }>): string {
  const inner = part.valFilter;
  if (pathOf(part.attrPath) !== 'emails' || inner.op !== 'eq' || inner.attrPath.toLowerCase() !== 'type')
    throw unsupported(PEOPLE);
  return textOf(inner.compValue);
}

/** Returns an attribute's path in lower case, without the name of its schema. */
function pathOf(path: string): string {
  return withoutCoreSchema(path.toLowerCase());
}

function textOf(value: unknown): string {
  if (typeof value !== 'string') throw invalid('The filter compares a text with something else: put the value in double quotes.');
  if (!value.isWellFormed() || value.includes('\0')) throw invalid('The filter contains characters that no value has.');
  return value;
}

function flagOf(value: unknown): boolean {
  return readSimple('active', { is: 'flag', about: '' }, value) === true;
}

/** Returns the most brackets that are open at once, outside texts. */
function levelsOf(filter: string): number {
  let [open, most, isText] = [0, 0, false];
  for (let at = 0; at < filter.length; at += 1) {
    const char = filter[at];
    if (isText && char === '\\') at += 1;
    else if (char === '"') isText = !isText;
    else if (!isText && (char === '(' || char === '[')) {
      open += 1;
      most = Math.max(most, open);
    }
    if (!isText && (char === ')' || char === ']')) open -= 1;
  }
  return most;
}
