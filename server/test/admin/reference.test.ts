import { describe, expect, test } from 'vitest';
import { ROUTES } from '../../src/admin/http/app.ts';
import { TAKING } from '../prove/preview-table.ts';
import { withDatabase } from '../support/database.ts';
import { withAdmin } from './support.ts';

const world = withAdmin(withDatabase());

interface Document {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, { readonly responses: Readonly<Record<string, unknown>> }>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, unknown>> };
}

describe('the reference', () => {
  test('is OpenAPI 3.1 and names every route with what it takes and answers', async () => {
    const response = await fetch(`${world().address}/api/v1/openapi.json`);
    const document = (await response.json()) as Document;
    expect(document.openapi).toBe('3.1.0');
    const named = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    const routes = Object.keys(ROUTES).map((name) => name.replace(' ', ' /api/v1').replaceAll(/:([a-z_]+)/g, '{$1}'));
    expect(named.toSorted()).toEqual(routes.toSorted());
    for (const methods of Object.values(document.paths)) {
      for (const operation of Object.values(methods))
        expect(Object.keys(operation.responses).some((status) => /^(2|303)/.test(status))).toBe(true);
    }
  });

  test('says of each change that can be rehearsed that it answers the effect, and of no other', () => {
    const { paths } = world().app.openapi() as Document;
    const answersEffect = Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).flatMap(([method, { responses }]) =>
        JSON.stringify(responses).includes('#/components/schemas/Effect"')
          ? [`${method.toUpperCase()} ${path.replace('/api/v1', '').replaceAll(/\{(\w+)\}/g, ':$1')}`]
          : [],
      ),
    );
    const announced = new Set(TAKING.filter(({ says }) => says === 'effect').map(({ route }) => route));
    // Reactivating is made like suspending, and its dry run answers that nothing is lost.
    expect(answersEffect.toSorted()).toEqual([...announced, 'POST /organizations/:id/reactivate'].toSorted());
  });

  test('refers to nothing that is not there', () => {
    const document = world().app.openapi() as Document;
    const names = [...JSON.stringify(document).matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)].map(
      (match) => match[1] as string,
    );
    expect(names.filter((name) => !(name in document.components.schemas))).toEqual([]);
  });

  test('has a page that loads from here alone', async () => {
    const get = (path: string) => fetch(`${world().address}${path}`);
    const page = await (await get('/api/docs')).text();
    const assets = [...page.matchAll(/(?:src|href)="([^"]+)"/g)].map((match) => match[1] as string);
    expect(assets.length).toBeGreaterThan(3);
    for (const asset of assets) {
      expect(asset).toMatch(/^\/api\/docs\//);
      expect((await get(asset)).status).toBe(200);
    }
  });

  test('has a page whose policy names no other host, and leaves http what it is: it may be read without a certificate', async () => {
    const response = await fetch(`${world().address}/api/docs`);
    const policy = response.headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'self'");
    expect(policy).not.toMatch(/upgrade-insecure-requests|https?:|swagger\.io/);
    expect(await (await fetch(`${world().address}/api/docs/static/swagger-initializer.js`)).text()).toContain(
      'validatorUrl: null',
    );
  });
});
