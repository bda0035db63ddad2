import fc from 'fast-check';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { valueFitting } from './fake-json.ts';
import { randomFrom } from './fake-text.ts';

const scalar = fc.oneof(
  fc.record({ type: fc.constant('string'), minLength: fc.nat(5) }),
  fc.record({ type: fc.constant('string'), maxLength: fc.integer({ min: 1, max: 40 }) }),
  fc.record({ type: fc.constant('string'), format: fc.constantFrom('date', 'date-time', 'email', 'uuid', 'uri', 'ipv4') }),
  fc.record({ type: fc.constantFrom('integer', 'number'), minimum: fc.integer({ min: -9, max: 9 }) }),
  fc.record({ type: fc.constantFrom('integer', 'number'), maximum: fc.integer({ min: -9, max: 9 }) }),
  fc.record({ type: fc.constant('integer'), minimum: fc.constant(3), exclusiveMaximum: fc.integer({ min: 5, max: 9 }) }),
  fc.record({ type: fc.constant('boolean') }),
  fc.record({ type: fc.constant('null') }),
  fc.record({ enum: fc.array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 3 }) }),
  fc.record({ const: fc.constantFrom('x', 7, true) }),
);
const { schema } = fc.letrec<{ schema: object }>((tie) => ({
  schema: fc.oneof(
    { maxDepth: 4 },
    scalar,
    fc
      .dictionary(fc.constantFrom('name', 'city', 'streets', 'count'), tie('schema'), { maxKeys: 4 })
      .chain((properties) =>
        fc
          .subarray(Object.keys(properties))
          .map((required) => ({ type: 'object', properties, required, additionalProperties: false })),
      ),
    fc.record({ type: fc.constant('array'), items: tie('schema'), minItems: fc.nat(3) }),
    fc.record({ anyOf: fc.array(tie('schema'), { minLength: 1, maxLength: 3 }) }),
  ),
}));

test('a value fits its schema, by another reader of schemas, and is the same for the same seed', () => {
  fc.assert(
    fc.property(schema, fc.nat(), (wanted, seed) => {
      const value = valueFitting(wanted, randomFrom(seed));
      z.fromJSONSchema(wanted as Parameters<typeof z.fromJSONSchema>[0]).parse(JSON.parse(JSON.stringify(value)));
      expect(valueFitting(wanted, randomFrom(seed))).toEqual(value);
    }),
  );
});

test('a schema that refers to itself, or that is none, ends', () => {
  const tree = { type: 'object', properties: { next: { $ref: '#' }, name: { type: 'string' } }, required: ['next', 'name'] };
  expect(valueFitting(tree, randomFrom(1))).toMatchObject({ name: expect.any(String), next: expect.any(Object) });
  fc.assert(
    fc.property(fc.jsonValue(), fc.nat(), (anything, seed) => {
      expect(() => JSON.stringify(valueFitting(anything, randomFrom(seed)))).not.toThrow();
    }),
  );
  expect(valueFitting({ type: 'string', format: 'constructor' }, randomFrom(1))).toEqual(expect.any(String));
  const wide = { type: 'array', minItems: 1e9, items: { type: 'array', minItems: 1e9, items: {} } };
  expect(JSON.stringify(valueFitting(wide, randomFrom(1))).length).toBeLessThan(100_000);
});

test('a property that is named as a method of all objects is one like the others', () => {
  const wanted = {
    type: 'object',
    properties: { toString: { type: 'integer', minimum: 2 }, __proto__: {} },
    required: ['toString'],
  };
  expect(JSON.parse(JSON.stringify(valueFitting(wanted, randomFrom(3)))).toString).toBeGreaterThanOrEqual(2);
});
