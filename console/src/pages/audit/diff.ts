/** One field of an object before and after a change. */
export interface FieldChange {
  /** `rate_limits.rpm`, `budgets[0].amount`. */
  readonly path: string;
  /** Absent if the field did not exist. */
  readonly before?: unknown;
  readonly after?: unknown;
}

/** Returns the changed fields in the order of the object. Unchanged fields are left out. */
export function changesBetween(before: unknown, after: unknown): readonly FieldChange[] {
  return walk(before, after, '');
}

function walk(before: unknown, after: unknown, path: string): FieldChange[] {
  if (same(before, after)) return [];
  const [old, now] = [childrenOf(before), childrenOf(after)];
  // Two lists of plain values are easier to compare side by side than position by position.
  const isListOfValues = [before, after].some((value) => Array.isArray(value) && !value.some(isObject));
  const isReplaced = path !== '' && [before, after].some((value) => value !== undefined && childrenOf(value) === null);
  const isEmpty = Object.keys(old ?? now ?? {}).length === 0;
  if (isListOfValues || isReplaced || isEmpty) {
    return [{ path, ...(before === undefined ? {} : { before }), ...(after === undefined ? {} : { after }) }];
  }
  const names = [...new Set([...Object.keys(old ?? {}), ...Object.keys(now ?? {})])];
  const isList = Array.isArray(before ?? after);
  return names.flatMap((name) => walk(old?.[name], now?.[name], pathTo(path, name, isList)));
}

function pathTo(path: string, name: string, isList: boolean): string {
  if (isList) return `${path}[${name}]`;
  return path === '' ? name : `${path}.${name}`;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function childrenOf(value: unknown): Readonly<Record<string, unknown>> | null {
  return isObject(value) ? (value as Record<string, unknown>) : null;
}

function same(one: unknown, other: unknown): boolean {
  return one === other || JSON.stringify(one) === JSON.stringify(other);
}
