import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { lintContract } from './contract-lint.ts';

const contract = readFileSync(path.join(path.dirname(import.meta.dirname), 'server/openapi.json'), 'utf8');

const id = { schema: { type: 'string' } };
const answer = { description: 'The answer.', headers: { 'x-request-id': id } };
const operation = {
  operationId: 'get_things',
  summary: 'List things',
  description: 'Returns the things.',
  tags: ['Things'],
  parameters: [{ name: 'limit', in: 'query', schema: { type: 'integer' }, example: 5 }],
  responses: { 200: answer, 401: answer },
};
const document = (changes: object, schemas: object = {}) =>
  JSON.stringify({
    openapi: '3.1.0',
    info: { title: 'Things', version: '1', description: 'Lists things.' },
    servers: [{ url: '/' }],
    tags: [{ name: 'Things', description: 'Things.' }],
    paths: { '/things': { get: { ...operation, ...changes } } },
    components: { securitySchemes: { bearerAuth: { type: 'http', scheme: 'bearer' } }, schemas },
  });
const rulesBrokenBy = async (text: string) => [...new Set((await lintContract(text)).map(({ rule }) => rule))];
/** An operation that answers with a schema. */
const answering = (schema: object, headers: object = {}) => ({
  responses: {
    200: { ...answer, headers: { 'x-request-id': id, ...headers }, content: { 'application/json': { schema } } },
    401: answer,
  },
});
const header = (name: string) => ({ name, in: 'header', schema: { type: 'string', maxLength: 9 }, example: 'x' });

describe('the contract of the admin API', () => {
  test('breaks no rule', async () => {
    expect(await lintContract(contract)).toEqual([]);
  });

  test('is what these examples differ from in one point', async () => {
    expect(await rulesBrokenBy(document({}))).toEqual([]);
  });

  test.each([
    ['no-type-list', 'a nullable text as a list', document(answering({ type: ['string', 'null'] }))],
    [
      'no-type-list',
      'a number or a text as a list',
      document(answering({ type: 'object', properties: { a: { type: ['number', 'string'] } } })),
    ],
    [
      'no-scheme-name',
      'a schema named as the scheme',
      document(answering({ $ref: '#/components/schemas/BearerAuth' }), { BearerAuth: { type: 'object' } }),
    ],
    [
      'no-null-property',
      'a cursor that is always null',
      document(answering({ type: 'object', properties: { next_cursor: { type: 'null' } } })),
    ],
    [
      'no-null-property',
      'a constant null',
      document(answering({ type: 'object', properties: { next_cursor: { const: null } } })),
    ],
    ['public-or-secured', 'an operation that does not say that it is public', document({ responses: { 200: answer } })],
    ['whole-word-tag', 'a part of a word as a tag', document({ tags: ['service'] })],
    ['described-operation', 'an operation without a description', document({ description: undefined })],
    ['operation-example', 'an operation without an example', document({ parameters: [] })],
    [
      'answer-headers',
      'an answer without the id of its request',
      document({ responses: { 200: { description: 'x' }, 401: answer } }),
    ],
    [
      'answer-headers',
      'a 429 that does not say when to retry',
      document({ responses: { 200: answer, 401: answer, 429: answer } }),
    ],
    [
      'answer-headers',
      'an object with a version and no ETag',
      document(answering({ type: 'object', properties: { version: { type: 'integer' } } })),
    ],
    ['header-where-it-means-something', 'If-Match where nothing is compared', document({ parameters: [header('if-match')] })],
    ['header-where-it-means-something', 'Idempotency-Key at a GET', document({ parameters: [header('idempotency-key')] })],
    [
      'bounded-input',
      'a text of any length',
      document({ parameters: [{ name: 'q', in: 'query', schema: { type: 'string' }, example: 'x' }] }),
    ],
    [
      'valid-example',
      'an example that does not fit',
      document({ parameters: [{ ...operation.parameters[0], example: 'five' }] }),
    ],
    ['operation-operationId', 'an operation without an id, by a rule of Spectral’s own', document({ operationId: undefined })],
  ])('%s refuses %s', async (rule, _, text) => {
    expect(await rulesBrokenBy(text)).toContain(rule);
  });
});
