import { describe, expect, test } from 'vitest';
import { ROUTES } from '../../src/admin/http/app.ts';
import { missingRoutes } from './console-preview.ts';

describe('the table of what takes something away', () => {
  test('has every route that changes something, by a row or by a reason', () => {
    expect(missingRoutes()).toEqual([]);
  });

  test('misses a new route, and one that is gone', () => {
    const routes = Object.keys(ROUTES);
    expect(missingRoutes([...routes, 'DELETE /models/:name'])).toEqual(['DELETE /models/:name has no row']);
    expect(missingRoutes(routes.filter((route) => route !== 'DELETE /keys/:id'))).toEqual(['DELETE /keys/:id is no route']);
  });
});
