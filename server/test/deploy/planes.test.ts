/** Files outside the table of planes that must agree with it, and files of the program that must not keep a copy of it. */
import { globSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { PATHS } from '../../../console/src/paths.ts';
import { DATA_PATHS, DATA_PREFIXES, planeOf } from '../../src/domain/planes.ts';
import { readText, readYaml } from './files.ts';
import { namesAll, PLANE_FILES } from './plane-files.ts';

const root = path.resolve(import.meta.dirname, '../../..');

describe('the prefixes of the data plane', () => {
  test.each(PLANE_FILES.map(({ file, prefixes }) => [file, prefixes] as const))('are those that %s names', (_, prefixes) => {
    expect(prefixes().toSorted()).toEqual(DATA_PREFIXES.map(({ prefix }) => prefix).toSorted());
  });

  test.each(PLANE_FILES.map(({ file, paths }) => [file, paths] as const))(
    'and its single paths are those that %s names',
    (_, paths) => {
      expect(paths().toSorted()).toEqual(DATA_PATHS.map(({ path }) => path).toSorted());
    },
  );

  test('are not all named by a file that lacks one, has one more, or names one twice', () => {
    const table = DATA_PREFIXES.map(({ prefix }) => prefix);
    expect(namesAll(table)).toBe(true);
    expect(namesAll(table.slice(1))).toBe(false);
    expect(namesAll([...table, '/v2/'])).toBe(false);
    expect(namesAll([...table.slice(1), table[1] as string])).toBe(false);
  });

  test('cover every path of deploy/proxies: a new file there is among those that are compared', () => {
    const compared = PLANE_FILES.map(({ file }) => file);
    for (const file of globSync('deploy/proxies/*', { cwd: root })) expect(compared).toContain(file);
  });

  test('are not divided by compose.yaml, whose one gateway serves both planes', () => {
    const { services } = readYaml<{ services: { gateway: { environment: object } } }>('compose.yaml');
    expect(Object.keys(services.gateway.environment)).not.toContain('HEADGATE_ROLE');
  });

  test('take no address of the console', () => {
    for (const address of Object.values(PATHS)) expect(planeOf(address), address).toBe('admin');
  });

  test('cover every path that the console tells people to call', () => {
    const told = globSync('console/src/**/*.{ts,tsx}', { cwd: root }).flatMap((file) =>
      [...readText(file).matchAll(/(?:\$\{baseUrl\}|')(\/(?:v1|v1beta|cursor)\/[\w/]*)/g)].map(([, at]) => at as string),
    );
    expect(told.length).toBeGreaterThan(3);
    // A base URL ends without the slash that every path below it begins with.
    for (const at of told) expect([planeOf(at), planeOf(`${at}/`)], at).toContain('data');
  });
});

/** Files that write a path of the data plane, and why. No other file may decide by one. */
const WRITERS: Readonly<Record<string, string>> = {
  'domain/planes.ts': 'the table',
  'proxy/endpoints/endpoint.ts': 'the paths of endpoints',
  'proxy/data-plane.ts': 'the paths that only read',
  'proxy/endpoints/nothing-here.ts': 'the paths that a client may have meant',
  'proxy/endpoints/conversations.ts': 'the paths of conversations',
  'proxy/endpoints/files.ts': 'the paths of files',
  'proxy/spool/form-paths.ts': 'the path that takes files, with its bound',
  'domain/tenancy/files.ts': 'the endpoints whose requests a file may have',
  'proxy/endpoints/batches.ts': 'the paths of batches',
  'proxy/endpoints/stored-responses.ts': 'the paths of stored responses',
  'proxy/authenticate.ts': 'the paths at which a key in the address is refused',
  'dialects/gemini/paths.ts': 'the paths that name a model',
  'proxy/error-dialect.ts': 'the dialect of one endpoint',
  'proxy/oauth/serve-agents.ts': 'the paths of programs that log in',
  'proxy/refuse.ts': 'the address of a decision, in an answer',
  'providers/anthropic/anthropic-provider.ts': 'the vendor’s own paths',
  'providers/preset/preset-provider.ts': 'the vendors’ own paths',
  'providers/vertex/vertex-provider.ts': 'the vendor’s own paths',
  'admin/catalogue/playground.ts': 'an example, in the contract',
  'cli/agents/commands.ts': 'a path that the command line calls',
  'cli/login/commands.ts': 'a path that the command line calls',
  'cli/login/device.ts': 'the paths that the command line calls',
  'cli/login/fresh-token.ts': 'a path that the command line calls',
  'cli/login/loopback.ts': 'a path that the command line calls',
  'settings/settings.ts': 'the meaning of a setting, in words',
};

test('no file of the program but the table decides by a prefix of the data plane', () => {
  const literal = new RegExp(`['"\`](?:${DATA_PREFIXES.map(({ prefix }) => prefix).join('|')})`);
  const code = (file: string) => readText(`server/src/${file}`).replaceAll(/^ *(\/\/|\/\*|\*).*$/gm, '');
  const files = globSync('**/*.ts', { cwd: path.join(root, 'server/src') }).filter((file) => !file.endsWith('.test.ts'));
  expect(files.length).toBeGreaterThan(300);
  const writers = files.filter((file) => literal.test(code(file)));
  expect(writers.sort()).toEqual(Object.keys(WRITERS).sort());
});
