/** Which paths a process of each role answers. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { ENDPOINTS } from '../../src/proxy/endpoints/endpoint.ts';
import { type Gateway, repository } from './gateway.ts';

export interface Asked {
  readonly count: number;
  readonly problems: readonly string[];
}

/** Every route of the admin API, its documentation, the console's pages and files, and other writings of the same. */
export async function adminPathsAt(data: Gateway, admin: Gateway): Promise<Asked> {
  const page = await (await fetch(`${admin.base}/`)).text();
  const files = [...page.matchAll(/(?:src|href)="(\/[^"]+)"/g)].map(([, address]) => address as string);
  if (files.length === 0) return { count: 0, problems: ['the console names no file of its own'] };
  const pages = JSON.parse(readFileSync(path.join(repository, 'console/dist/paths.json'), 'utf8')) as readonly string[];
  const gets = [...pages.map((address) => address.replaceAll(/\$\w+/g, 'x')), ...files, ...OTHER_WRITINGS];
  return asked([...adminRoutes(), ...gets.map((address) => ['GET', address] as const)], data, {
    authorization: `Bearer ${data.adminToken}`,
  });
}

const OTHER_WRITINGS = ['/api', '/api/', '/api/v1', '/api/docs', '/api/openapi.json', '/API/v1/keys', '//api/v1/keys'].concat([
  '/%61pi/v1/keys',
  '/v1/../api/v1/keys',
  '/api/v1/keys?x=1',
  '/v1/api/v1/keys',
  '/index.html',
  '/paths.json',
]);

function adminRoutes(): (readonly [method: string, address: string])[] {
  const contract = JSON.parse(readFileSync(path.join(repository, 'server/openapi.json'), 'utf8')) as {
    paths: Record<string, Record<string, unknown>>;
  };
  return Object.entries(contract.paths).flatMap(([address, methods]) =>
    Object.keys(methods).map((method) => [method.toUpperCase(), address.replaceAll(/\{\w+\}/g, 'x')] as const),
  );
}

/** Every path of the data plane, known or not. */
export async function dataPathsAt(admin: Gateway, secret: string): Promise<Asked> {
  const posts = [...ENDPOINTS.map((endpoint) => endpoint.path.replace('{model}', 'paced')), '/v1/engines/paced/completions'];
  const gets = [
    '/v1',
    '/v1/',
    '/v1/models',
    '/v1/models/paced',
    '/v1beta/models',
    '/v1beta/models/paced',
    '/cursor/v1/models',
    '/cursor/v1/models/paced',
    '/v1/decisions/req_x',
    ...posts,
  ];
  const all = [...posts.map((address) => ['POST', address] as const), ...gets.map((address) => ['GET', address] as const)];
  return asked(all, admin, { authorization: `Bearer ${secret}`, 'x-api-key': secret });
}

/** Each must be 404, whoever asks. */
async function asked(
  routes: readonly (readonly [method: string, address: string])[],
  { base }: Gateway,
  headers: Record<string, string>,
): Promise<Asked> {
  const problems: string[] = [];
  for (const [method, address] of routes) {
    const body = method === 'GET' || method === 'DELETE' ? {} : { body: '{}' };
    const said = await fetch(base + address, { method, headers: { ...headers, 'content-type': 'application/json' }, ...body });
    await said.arrayBuffer();
    if (said.status !== 404) problems.push(`${method} ${address} is answered ${said.status}`);
  }
  return { count: routes.length, problems };
}

/** What every process answers, whatever its role. */
export async function ownPathsOf(gateway: Gateway): Promise<Asked> {
  const addresses = ['/health/live', '/health/ready', '/metrics'];
  const problems: string[] = [];
  for (const address of addresses) {
    const said = await fetch(gateway.base + address);
    await said.arrayBuffer();
    if (said.status !== 200) problems.push(`${address} is answered ${said.status}`);
  }
  return { count: addresses.length, problems };
}
