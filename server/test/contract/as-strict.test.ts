/** The contract beside the schemas that the server validates with: what one accepts, the other accepts. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { z } from 'zod';
import { ROUTES } from '../../src/admin/http/app.ts';
import type { AdminRoute } from '../../src/admin/http/route.ts';
import { picker, readAs } from './calls.ts';
import { escaped, type Operation, readContract, type Schema } from './contract.ts';
import { reasonFor } from './reasons.ts';
import { spoiled, valuesOf } from './values.ts';

const VALUES = 8;
const URL_FORM = 'must match pattern "^[Hh][Tt][Tt][Pp]';
const contract = readContract();
const making = { resolve: contract.resolve, known: () => [] };

/** One place where values come in: a body, or one parameter of a query. */
interface Entry {
  readonly name: string;
  readonly schema: Schema;
  readonly pointer: string;
  readonly validator: z.ZodType;
  readonly isQuery: boolean;
}

function entriesOf(operation: Operation): Entry[] {
  const { method, path, body, bodyType, parameters, pointer } = operation;
  const name = `${method} ${path}`;
  const route = (ROUTES as Record<string, AdminRoute>)[name.replaceAll(/\{(\w+)\}/g, ':$1')] as AdminRoute;
  const query = (route.query as z.ZodObject | undefined)?.shape ?? {};
  const ofQuery = parameters.flatMap((parameter, index): Entry[] => {
    if (parameter.in !== 'query') return [];
    const validator = query[parameter.name] as z.ZodType;
    return [
      {
        name: `${name}?${parameter.name}`,
        schema: parameter.schema,
        pointer: `${pointer}/parameters/${index}/schema`,
        validator,
        isQuery: true,
      },
    ];
  });
  if (body === null || route.body === undefined) return ofQuery;
  const at = `${pointer}/requestBody/content/${escaped(bodyType)}/schema`;
  return [...ofQuery, { name, schema: body, pointer: at, validator: route.body, isQuery: false }];
}

/** Where the two differ over some values inside and beside a schema. */
function differencesAt({ name, schema, pointer, validator, isQuery }: Entry, pick: (below: number) => number): string[] {
  const inside = fc.sample(valuesOf(schema, '', making), { numRuns: VALUES, seed: pick(2 ** 30) });
  const values = [
    ...inside,
    ...inside.map((value) => spoiled(value, pick)),
    ...inside.map((value) => spoiled(spoiled(value, pick), pick)),
  ];
  return values.flatMap((value) => {
    const text = JSON.stringify(value) ?? 'null';
    const given: unknown = isQuery ? (typeof value === 'object' ? text : String(value)) : JSON.parse(text);
    // Refused in every query before a schema sees it.
    if (isQuery && String(given).includes('\0')) return [];
    const misfit = contract.misfit(pointer, isQuery ? readAs(contract.resolve(schema), String(given)) : given);
    const read = validator.safeParse(given);
    if ((misfit === null) === read.success) return [];
    // Some rules between fields, and the form of URLs, are checked by the operation itself. The prove `contract.fuzz` sees those.
    if (misfit?.includes('must NOT be valid') === true || misfit?.includes(URL_FORM) === true) return [];
    const why = read.success ? `accepts what does not fit: ${misfit}` : `refuses: ${read.error.issues[0]?.message}`;
    return reasonFor(why) === null ? [`${name} ${why}: ${text.slice(0, 200)}`] : [];
  });
}

test('the server accepts what fits the contract, and refuses what does not', () => {
  const pick = picker(20_261_128);
  const entries = contract.operations.flatMap(entriesOf);
  expect(entries.length).toBeGreaterThan(300);
  expect(entries.flatMap((entry) => differencesAt(entry, pick))).toEqual([]);
}, 120_000);
