import { describe, expect, test } from 'vitest';
import { ENDPOINTS } from '../proxy/endpoints/endpoint.ts';
import { DATA_PATHS, DATA_PREFIXES, dataPrefixOf, isAdminApi, isOwnPath, planeOf } from './planes.ts';

describe('the prefixes of the data plane', () => {
  const prefixes = DATA_PREFIXES.map(({ prefix }) => prefix);

  test('begin and end with a slash, and none is the beginning of another', () => {
    for (const prefix of prefixes) expect(prefix).toMatch(/^(\/[a-z0-9]+)+\/$/);
    for (const one of prefixes) expect(prefixes.filter((other) => other.startsWith(one))).toEqual([one]);
  });

  test('are those of every endpoint, and of no admin operation', () => {
    for (const { path } of ENDPOINTS) expect(planeOf(path), path).toBe('data');
    for (const prefix of prefixes) expect([isAdminApi(prefix), isOwnPath(prefix)]).toEqual([false, false]);
  });

  test.each(prefixes)('%s takes itself and everything below it, as written', (prefix) => {
    for (const rest of ['', 'x', 'x/y', '/', '../api', '%2e%2e/api', '..%2fapi']) {
      expect(dataPrefixOf(prefix + rest)?.prefix).toBe(prefix);
    }
  });

  test.each(prefixes)('what only looks like %s belongs to the admin plane', (prefix) => {
    const bare = prefix.slice(0, -1);
    const misses = [
      bare,
      `${bare}x`,
      `${bare}x/`,
      `${bare}?x=/`,
      `${bare}%2f`,
      `${bare}\\`,
      `/${prefix}`,
      `/.${prefix}`,
      `/x/..${prefix}`,
      prefix.toUpperCase(),
      `/%${prefix.charCodeAt(1).toString(16)}${prefix.slice(2)}`,
      `http://x${prefix}`,
      prefix.slice(1),
    ];
    for (const path of misses) expect(planeOf(path), path).toBe('admin');
  });
});

test.each(DATA_PATHS.map(({ path }) => path))('%s is the data plane’s, and nothing else that looks like it', (path) => {
  expect([planeOf(path), isAdminApi(path), isAdminApi(`${path}?a=1`)]).toEqual(['data', false, false]);
  for (const near of [`${path}/`, `/${path}`, path.toUpperCase(), path.slice(1), `${path}%20`, `${path}x`])
    expect(planeOf(near), near).toBe('admin');
});

test.each(['', '/', '*', '/cursor', '/cursor/', '/cursor/v2/x', '/v2/x', '/v1alpha/x', '/api', '/health/ready', '/metrics'])(
  '“%s” belongs to the admin plane',
  (path) => expect(planeOf(path)).toBe('admin'),
);

test('the admin API is /api and what is below it', () => {
  expect(['/api', '/api/', '/api/v1/keys'].map(isAdminApi)).toEqual([true, true, true]);
  expect(['/api/oauth/usage', '/api/oauth/usage?x=/api/', '/api/oauth/usage/', '/api/oauth/Usage'].map(isAdminApi)).toEqual([
    ...[false, false, true, true],
  ]);
  expect(['/apis', '/API/', '//api/', '/v1/../api/', '/%61pi/'].map(isAdminApi)).toEqual([false, false, false, false, false]);
});
