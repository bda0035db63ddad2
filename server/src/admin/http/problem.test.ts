import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { faultsOf, invalidFields, Problem, renderProblem } from './problem.ts';

const schema = z.strictObject({
  name: z.string().max(3),
  'a/b~c': z.int().optional(),
  owner: z
    .union([z.strictObject({ account_id: z.string() }), z.strictObject({ service_account_id: z.string().min(2) })])
    .optional(),
});

function faults(value: unknown, prefix: '' | '?' = '') {
  const parsed = schema.safeParse(value);
  return parsed.success ? [] : faultsOf(parsed.error, prefix);
}

describe('faults', () => {
  test('name where they are by a JSON pointer, escaped as RFC 6901 says', () => {
    expect(faults({ name: 1, 'a/b~c': 'x' }).map((fault) => fault.pointer)).toEqual(['/name', '/a~1b~0c']);
    expect(faults({ name: 1 }, '?').map((fault) => fault.pointer)).toEqual(['?name']);
  });

  test('of what is missing say that it is required', () => {
    expect(faults({})).toEqual([{ pointer: '/name', message: 'is required' }]);
    expect(faults(undefined)).toEqual([{ pointer: '', message: 'a JSON body is required' }]);
    expect(faults({ name: null })[0]?.message).not.toContain('required');
  });

  test('of unknown fields name each of them', () => {
    expect(faults({ name: 'a', x: 1, y: 2 })).toEqual([
      { pointer: '/x', message: 'unknown field' },
      { pointer: '/y', message: 'unknown field' },
    ]);
  });

  test('of alternatives are those of the one that was meant', () => {
    expect(faults({ name: 'a', owner: { service_account_id: 'x' } }).map((fault) => fault.pointer)).toEqual([
      '/owner/service_account_id',
    ]);
  });

  test('never repeat a value of the request', () => {
    const text = JSON.stringify(faults({ name: 'canary-canary', owner: 'canary', 'a/b~c': 'canary' }));
    expect(text).not.toContain('canary');
  });

  test('are bounded, in number and in length', () => {
    const many = Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`${index}${'x'.repeat(2_000)}`, 1]));
    const problem = invalidFields(faults({ name: 'a', ...many }));
    expect(problem.faults).toHaveLength(50);
    expect(JSON.stringify(renderProblem(problem, 'req_1')).length).toBeLessThan(40_000);
  });
});

test('a problem renders as RFC 9457, with the request it belongs to', () => {
  expect(renderProblem(new Problem(409, 'taken'), 'req_1')).toEqual({
    type: 'about:blank',
    title: 'Conflict',
    status: 409,
    detail: 'taken',
    errors: [],
    request_id: 'req_1',
  });
});
