/** Words that a database would run, and fields that nobody may set, in every place of the admin API that takes words and fields. */
import { beforeAll, describe, expect, test } from 'vitest';
import { ROUTES } from '../../src/admin/http/app.ts';
import { upstream } from '../admin/catalogue-support.ts';
import { freshSlug, makeAccount, makeOrganization, must, withAdmin } from '../admin/support.ts';
import { fieldsOf, type IdOf, pathOf, questionOf } from '../hostile/hostile-calls.ts';
import { makeIds } from '../hostile/ids.ts';
import { inParallel } from '../prove/data-plane.ts';
import { withDatabase } from '../support/database.ts';

const world = withAdmin(withDatabase(), { upstream });
const AT_ONCE = 4;
/** A gateway writes two at a time, and one that was read may still be ending. */
const EXPORTS_AT_ONCE = 1;
let idOf: IdOf;
let tenant: { readonly id: string; readonly slug: string };

beforeAll(async () => {
  const { root } = world();
  idOf = await makeIds(root);
  tenant = await makeOrganization(root);
  await makeOrganization(root);
  await makeAccount(root);
});

/** Each would find more, fail or take its time if it reached a statement as anything but a value. */
const SQL = [
  "' or 1=1 --",
  "x') or true --",
  "'; select pg_sleep(20); --",
  "x' union select id from accounts --",
  '$$; delete from organizations; $$',
  '\\',
  '%',
];
/** A text like those, and no name of anything. */
const NONSENSE = 'zq-nothing-has-this-name';

describe('words that a database would run', () => {
  test('find in no parameter of any question more than nonsense finds', async () => {
    const problems: string[] = [];
    let asked = 0;
    for (const [name, route] of Object.entries(ROUTES)) {
      const [method = '', pattern = ''] = name.split(' ');
      if (method !== 'GET' || route.form === 'events' || ['public', 'signed_in'].includes(String(route.permission))) continue;
      const at = pathOf(pattern, (parameter) => idOf(pattern, parameter));
      for (const parameter of fieldsOf(route.query)) {
        const ask = (value: string) => world().root('GET', `${at}?${questionOf(pattern, parameter, value)}`);
        const nothing = await ask(NONSENSE);
        const answers = await inParallel(SQL, pattern.endsWith('/export') ? EXPORTS_AT_ONCE : AT_ONCE, ask);
        asked += answers.length;
        for (const [index, seen] of answers.entries()) {
          const words = SQL[index] as string;
          const isRefused = seen.status === 400 || seen.status === 404;
          // Some answers repeat what was asked for.
          const text = seen.text.replaceAll(JSON.stringify(words), JSON.stringify(NONSENSE));
          const isNothing = seen.status === nothing.status && text === nothing.text;
          if (!isRefused && !isNothing)
            problems.push(`${name}: ${parameter} = ${words}: ${seen.status} ${seen.text.slice(0, 200)}`);
        }
      }
    }
    expect(problems).toEqual([]);
    expect(asked).toBeGreaterThan(700);
  }, 240_000);

  test('find as ids in a path nothing, and change nothing', async () => {
    const before = must(await world().root('GET', '/organizations?limit=200')).data.length;
    const problems: string[] = [];
    for (const [name, route] of Object.entries(ROUTES)) {
      const [method = '', pattern = ''] = name.split(' ');
      if (!pattern.includes(':') || route.form === 'events' || ['public', 'signed_in'].includes(String(route.permission)))
        continue;
      const body = method === 'GET' ? undefined : {};
      const ask = (words: string) =>
        world().root(
          method,
          pathOf(pattern, () => encodeURIComponent(words)),
          body,
        );
      for (const [index, { status }] of (await inParallel(SQL, AT_ONCE, ask)).entries())
        if (![400, 404].includes(status)) problems.push(`${name} of ${SQL[index]}: ${status}`);
    }
    expect(problems).toEqual([]);
    expect(must(await world().root('GET', '/organizations?limit=200')).data).toHaveLength(before);
  }, 240_000);

  test('are kept and found as the names they are', async () => {
    const { root } = world();
    for (const name of SQL) {
      const made = must(await root('POST', '/organizations', { slug: freshSlug(), name }));
      expect(must(await root('GET', `/organizations/${made.id}`)).name).toBe(name);
      const found = must(await root('GET', `/organizations?limit=200&search=${encodeURIComponent(name)}`)).data;
      expect(found.map((row: { name: string }) => row.name.startsWith(name))).toEqual(found.map(() => true));
      expect(found.map((row: { id: string }) => row.id)).toContain(made.id);
    }
  });
});

/** What would make its caller more, or something else somebody else's. */
const NOBODY_SETS = {
  id: 'org_x',
  is_platform_admin: true,
  platform_role: 'platform_admin',
  secret_hash: 'x',
  password_hash: 'x',
  created_by: 'acct_x',
  created_at: '2020-01-01T00:00:00Z',
  version: 1,
  spent: '0.00',
  used_nano_usd: 0,
  proofs: [],
  owner_account_id: 'acct_x',
} as const;

describe('a body', () => {
  test('sets no field that is not its own, in any change that has one', async () => {
    const problems: string[] = [];
    let asked = 0;
    for (const [name, route] of Object.entries(ROUTES)) {
      const [method = '', pattern = ''] = name.split(' ');
      if (route.body === undefined || ['public', 'signed_in'].includes(String(route.permission))) continue;
      const own = fieldsOf(route.body);
      const foreign = Object.entries(NOBODY_SETS).filter(([field]) => !own.includes(field));
      const at = pathOf(pattern, (parameter) => idOf(pattern, parameter));
      const answer = await world().root(method, at, Object.fromEntries(foreign));
      // What is not there is looked for before its body is read.
      if (answer.status === 404 && at.includes('nothing-of-this-name')) continue;
      asked += 1;
      const refused = (answer.body.errors ?? []) as readonly { readonly pointer: string; readonly message: string }[];
      const unknown = refused.filter(({ message }) => message === 'unknown field').map(({ pointer }) => pointer.slice(1));
      const missed = foreign.map(([field]) => field).filter((field) => !unknown.includes(field));
      if (answer.status !== 400 || missed.length > 0) problems.push(`${name}: ${answer.status}, taken: ${missed.join(' ')}`);
    }
    expect(problems).toEqual([]);
    expect(asked).toBeGreaterThan(25);
  });

  test('is closed at each of its levels, but for notes of one’s own, what a browser makes and what goes on to the data plane', async () => {
    const reference = must(await world().root('GET', '/openapi.json'));
    const open = Object.entries(reference.paths as Record<string, Record<string, Operation>>).flatMap(([path, methods]) =>
      Object.entries(methods).flatMap(([method, operation]) =>
        openObjects(operation.requestBody?.content['application/json']?.schema, reference, `${method} ${path}`),
      ),
    );
    const isMeantToBe = (at: string) =>
      /\/metadata(\|\d)?$|\/service_tiers(\|\d)?$|\/session\/passkey.*\/(response|passkey)(\/response)?$|\/playground\/body$|\/(own-)?credentials\/.*\/key_file\|1$|\/price-lists\/prices$|\/presets(\/\{id\})?\/(rename|values)$|\/logins\/(authorize|device\/approve)\/passkey(\/response)?$|\/managed-settings\/settings$|\/trust-rules\/check\/claims$|\/identity-providers(\/\{idp_id\})?\/config$/.test(
        at,
      );
    expect(open.filter((at) => !isMeantToBe(at))).toEqual([]);
    expect(open.length).toBeGreaterThan(5);
  });

  test('that names another tenant moves nothing there', async () => {
    const { root } = world();
    const own = must(await root('POST', `/organizations/${tenant.id}/teams`, { name: 'Own' }));
    const other = await makeOrganization(root);
    const owner = world().as([{ role: 'org_owner', organizationId: tenant.id }], 'acct_owner');
    for (const body of [{ organization_id: other.id }, { organization: other.id }, { name: 'x', organization_id: other.id }]) {
      expect((await owner('PATCH', `/teams/${own.id}`, body)).status).toBe(400);
      expect((await owner('POST', `/organizations/${tenant.id}/teams`, { name: 'New', ...body })).status).toBe(400);
    }
    expect(must(await root('GET', `/teams/${own.id}`)).organization_id).toBe(tenant.id);
    expect(must(await root('GET', `/organizations/${other.id}/teams`)).data).toEqual([]);
  });
});

interface Schema {
  readonly $ref?: string;
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: unknown;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
}

interface Operation {
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> };
}

/** Where a schema takes names that it does not list. */
function openObjects(schema: Schema | undefined, reference: object, at: string, within: readonly string[] = []): string[] {
  if (schema === undefined) return [];
  const { $ref: ref } = schema;
  if (ref !== undefined) {
    if (within.includes(ref)) return [];
    const parts = ref.split('/').slice(1);
    const meant = parts.reduce<unknown>((part, name) => (part as Record<string, unknown>)[name], reference);
    return openObjects(meant as Schema, reference, at, [...within, ref]);
  }
  const isOpen = (schema.type === 'object' || schema.properties !== undefined) && schema.additionalProperties !== false;
  return [
    ...(isOpen ? [at] : []),
    ...Object.entries(schema.properties ?? {}).flatMap(([name, inner]) => openObjects(inner, reference, `${at}/${name}`, within)),
    ...openObjects(schema.items, reference, `${at}[]`, within),
    ...[...(schema.anyOf ?? []), ...(schema.oneOf ?? []), ...(schema.allOf ?? [])].flatMap((inner, index) =>
      openObjects(inner, reference, `${at}|${index}`, within),
    ),
  ];
}
