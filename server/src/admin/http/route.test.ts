import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { createAdminApp } from './app.ts';
import type { AdminDeps } from './deps.ts';
import { type AdminRoute, route } from './route.ts';

const deps = { trustedProxies: [] } as unknown as AdminDeps;
const complete = {
  summary: 'Read a thing',
  description: 'Returns a thing.',
  permission: 'organization.read',
  response: z.object({ id: z.string() }),
  load: async () => ({ place: { organizationId: 'org_1' }, object: null }),
  handle: async () => ({ id: 'x' }),
} as const;

describe('an admin route', () => {
  test('without a permission is none', () => {
    expect(() => route({ ...complete, permission: undefined as never })).toThrow('no permission');
  });

  test('without a loader is none', () => {
    expect(() => route({ ...complete, load: undefined as never })).toThrow('no loader');
  });

  test('that was put together without either does not start', async () => {
    const whole = route(complete);
    for (const half of [
      { ...whole, permission: undefined },
      { ...whole, load: undefined },
    ]) {
      await expect(createAdminApp(deps, { routes: { 'GET /things': half as unknown as AdminRoute } })).rejects.toThrow(
        'declares no',
      );
    }
  });
});
