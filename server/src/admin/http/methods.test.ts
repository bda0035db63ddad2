import { describe, expect, test } from 'vitest';
import { methodsOf, noSuchRoute } from './methods.ts';
import type { AdminRoute, RouteTable } from './route.ts';

const one = {} as AdminRoute;
const routes: RouteTable = {
  'GET /service-accounts': one,
  'POST /service-accounts': one,
  'GET /service-accounts/platform': one,
  'GET /service-accounts/:id': one,
  'PATCH /service-accounts/:id': one,
};

describe('a method that a path does not have', () => {
  test.each([
    ['/api/v1/service-accounts', 'GET, HEAD, POST'],
    ['/api/v1/service-accounts/platform', 'GET, HEAD, PATCH'],
    ['/api/v1/service-accounts/svc_1', 'GET, HEAD, PATCH'],
    ['/api/v1/openapi.json', 'GET, HEAD'],
    ['/api/docs/static/index.css', 'GET, HEAD'],
  ])('%s is 405, and Allow names each of %s once', (url, allow) => {
    const problem = noSuchRoute({ url: `${url}?a=1`, method: 'DELETE' }, methodsOf(routes));
    expect(problem).toMatchObject({ status: 405, headers: { allow } });
  });

  test('a path without any is 404, and has no Allow', () => {
    expect(noSuchRoute({ url: '/api/v1/nothing', method: 'GET' }, methodsOf(routes))).toMatchObject({ status: 404, headers: {} });
  });
});
