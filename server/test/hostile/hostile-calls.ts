/** Calls of the admin API whose parameters are as bad as a client can make them: each operation, each of its parameters, each value. */
import type { z } from 'zod';
import type { AdminRoute, RouteTable } from '../../src/admin/http/route.ts';

export interface HostileCall {
  /** The operation, the parameter and what is wrong with it. */
  readonly name: string;
  readonly method: string;
  /** Below `/api/v1`, with its query. */
  readonly path: string;
  /** JSON text; null: no body. */
  readonly body: string | null;
}

/** Ids of things that are there, by the first part of a path; `member` and others of the second part by the parameter's name. */
export type IdOf = (pattern: string, parameter: string) => string;

/** Values of a parameter in a query: years, lengths, counts, cursors, zones. `all` takes every one, `few` those that have bitten before. */
const FEW_IN_QUERY: Readonly<Record<string, string>> = {
  'the year 20': '0020-02-29T00:00:00Z',
  'the year 1970': '1970-01-01T00:00:00Z',
  'the year 9999': '9999-12-31T23:59:59Z',
  'a count above all': '9007199254740993',
  NUL: 'a\0b',
  '8,000 characters': 'x'.repeat(8_000),
  '4,000 commas': ','.repeat(4_000),
  'a cursor of 1,500 levels': Buffer.from('['.repeat(1_500)).toString('base64url'),
};
const MORE_IN_QUERY: Readonly<Record<string, string>> = {
  'the year 0': '0000-01-01T00:00:00Z',
  'the year 99': '0099-12-31T23:59:59Z',
  'a year with a sign': '+275760-09-13T00:00:00Z',
  'a count below 0': '-1',
  'no number': 'NaN',
  'a zone of 90 characters': `Etc/${'x'.repeat(86)}`,
  'a zone of half an hour': 'Australia/Lord_Howe',
  'a year below 0': '-000001-01-01T00:00:00Z',
  'the year 1900': '1900-01-01T00:00:00Z',
  'the last moment of 1969': '1969-12-31T23:59:59.999Z',
  'an offset into the year 10000': '9999-12-31T23:59:59-23:59',
  'a day that is none': '2026-02-30T00:00:00Z',
  'a day without a time': '2026-02-01',
  'a fraction of 900 digits': `2026-02-01T00:00:00.${'1'.repeat(900)}Z`,
  'a leap second': '2026-06-30T23:59:60Z',
  'half a count': '0.5',
  'a count in hex': '0x7fffffff',
  'a count with an exponent': '1e308',
  infinity: 'Infinity',
  nothing: '',
  spaces: '   ',
  'an offset for a zone': '+02:00',
  'a zone that is a path': '../../../etc/passwd',
  'a zone that skipped a day': 'Pacific/Apia',
  'a percent sign': '%',
  'an underscore and a percent': '_%_%_%_%_%_%_%_%_%_%',
  'a quote': "' or 1=1 --",
  'a backslash': '\\',
  'an emoji': '😀'.repeat(50),
  'a name of JavaScript': '__proto__',
  'a bracket': '[]',
  'a text for a regular expression': `${'a'.repeat(100)}!`,
  'dots that climb': '../..',
  'a cursor of nothing': Buffer.from('[]').toString('base64url'),
  'a cursor of another list': Buffer.from('["other:desc","x","y"]').toString('base64url'),
  'a cursor of objects': Buffer.from('[{},{},{}]').toString('base64url'),
  'a cursor that is no base64': '\u20ac\u20ac',
};

/** In a path, where nothing but an id is looked for. */
const FEW_IN_PATH: Readonly<Record<string, string>> = { NUL: 'a\0b', '400 characters': 'x'.repeat(400) };

/** Values of a field in a body, as JSON text: the most that a body's bounds let through. */
const FEW_IN_BODY: Readonly<Record<string, () => string>> = {
  'a number above all': () => '1e308',
  'a text of 500,000 characters': () => `"${'x'.repeat(500_000)}"`,
  '19,000 empty objects': () => `[${'{},'.repeat(19_000)}{}]`,
  '19,000 names': () => `{${Array.from({ length: 19_000 }, (_, at) => `"n${at}":0`).join()}}`,
};
const MORE_IN_BODY: Readonly<Record<string, () => string>> = {
  null: () => 'null',
  'the year 20': () => '"0020-02-29T00:00:00Z"',
  '200,000 numbers': () => `[${'0,'.repeat(200_000)}0]`,
  '150,000 empty objects': () => `[${'{},'.repeat(150_000)}{}]`,
  '5,000 levels': () => `${'['.repeat(5_000)}${']'.repeat(5_000)}`,
  'a text': () => '"x"',
  'a number': () => '-0.5',
  true: () => 'true',
  'an empty list': () => '[]',
  'an empty object': () => '{}',
  'a text with NUL': () => '"a\\u0000b"',
  'half a character': () => '"\\ud83d"',
  'the year 9999': () => '"9999-12-31T23:59:59Z"',
  '1,000 objects': () => `[${'{"a":[1]},'.repeat(999)}{}]`,
  '1,000 texts': () => `[${'"a",'.repeat(999)}"b"]`,
  '400,000 quotes': () => `"${'\\"'.repeat(400_000)}"`,
  'a million digits': () => '9'.repeat(1_000_000),
  '63 levels': () => `${'{"a":'.repeat(60)}1${'}'.repeat(60)}`,
};

/** What a request may not be followed by: it changes what the others look at, or never ends. */
const isLeftOut = (name: string, route: AdminRoute): boolean => route.form === 'events' || name.startsWith('DELETE /session');

/** Every call, lazily: some bodies are large. `few` holds one kind of each that has bitten before. */
export function* hostileCalls(routes: RouteTable, idOf: IdOf, how: 'few' | 'all'): Generator<HostileCall> {
  const inQuery = Object.entries(how === 'all' ? { ...FEW_IN_QUERY, ...MORE_IN_QUERY } : FEW_IN_QUERY);
  const inBody = Object.entries(how === 'all' ? { ...FEW_IN_BODY, ...MORE_IN_BODY } : FEW_IN_BODY);
  const inPath = Object.entries(how === 'all' ? { ...FEW_IN_PATH, ...FEW_IN_QUERY, ...MORE_IN_QUERY } : FEW_IN_PATH);
  for (const [name, route] of Object.entries(routes)) {
    if (isLeftOut(name, route)) continue;
    const [method = '', pattern = ''] = name.split(' ');
    // A change of something that is there would be made where a value turns out to be good.
    const path = pathOf(pattern, (parameter) => (method === 'GET' ? idOf(pattern, parameter) : 'nothing-of-this-name'));
    for (const parameter of fieldsOf(route.query)) {
      for (const [what, value] of inQuery)
        yield {
          name: `${name}: ${parameter} is ${what}`,
          method,
          path: `${path}?${questionOf(pattern, parameter, value)}`,
          body: null,
        };
    }
    for (const [what, value] of inPath) {
      const at = pathOf(pattern, () => encodeURIComponent(value));
      if (at !== path && value !== '') yield { name: `${name}: its path is ${what}`, method, path: at, body: null };
    }
    for (const field of fieldsOf(route.body)) {
      for (const [what, value] of inBody)
        yield { name: `${name}: ${field} is ${what}`, method, path, body: `{${JSON.stringify(field)}:${value()}}` };
    }
  }
  yield* spans(idOf);
}

/** Times that are bad only together: every report over every span. */
function* spans(idOf: IdOf): Generator<HostileCall> {
  const organization = idOf('/organizations/:id', ':id');
  const times = [
    '0000-01-01T00:00:00Z',
    '0020-02-29T00:00:00Z',
    '1970-01-01T00:00:00Z',
    '2025-01-01T00:00:00Z',
    '9999-12-31T23:59:59Z',
  ];
  const reports = ['/overview', '/usage', '/usage/export', `/organizations/${organization}/usage`];
  for (const report of reports) {
    const extras = report === '/overview' ? [''] : ['', '&interval=hour', '&interval=day', '&interval=week', '&interval=month'];
    for (const from of times) {
      for (const to of [...times, null]) {
        for (const extra of extras) {
          for (const zone of extra === '' ? [''] : ['', '&time_zone=Australia/Lord_Howe']) {
            const query = `from=${from}${to === null ? '' : `&to=${to}`}${extra}${zone}`;
            yield { name: `GET ${report}?${query}`, method: 'GET', path: `${report}?${query}`, body: null };
          }
        }
      }
    }
  }
}

/** A query that sets the parameter, and whatever its route cannot be asked without. */
export function questionOf(pattern: string, parameter: string, value: string): string {
  return `${needed(pattern, parameter)}${encodeURIComponent(parameter)}=${encodeURIComponent(value)}`;
}

function needed(pattern: string, parameter: string): string {
  const with_: Readonly<Record<string, Readonly<Record<string, string>>>> = {
    '/search': { q: 'x' },
    '/ledger/review': { since: '2026-01-01T00:00:00Z' },
    '/mirror-copies': { from: '2026-01-01T00:00:00Z' },
    '/prices/suggest': { provider: 'fake', upstream_model: 'x' },
    '/names': { ids: 'x' },
  };
  return Object.entries(with_[pattern] ?? {})
    .filter(([name]) => name !== parameter)
    .map(([name, value]) => `${name}=${value}&`)
    .join('');
}

/** A route's path with each of its parameters filled in. */
export function pathOf(pattern: string, of: (parameter: string) => string): string {
  return pattern.replaceAll(/:[a-z_]+/g, of);
}

interface Inside {
  readonly shape?: Readonly<Record<string, unknown>>;
  readonly options?: readonly z.ZodType[];
  readonly def?: { readonly innerType?: z.ZodType; readonly in?: z.ZodType };
}

/** The names of an object's fields, whatever is wrapped around it. */
export function fieldsOf(schema: z.ZodType | undefined): readonly string[] {
  if (schema === undefined) return [];
  const { shape, options, def } = schema as unknown as Inside;
  if (shape !== undefined) return Object.keys(shape);
  if (options !== undefined) return [...new Set(options.flatMap(fieldsOf))];
  return fieldsOf(def?.innerType ?? def?.in);
}
