import { z } from 'zod';
import { FORM_TYPE } from '../http/form-type.ts';
import type { ProblemStatus } from '../http/problem.ts';
import { type AdminRoute, type AnswerForm, takesIdempotencyKey, takesReason } from '../http/route.ts';
import { idempotencyKey, ifMatch, reason } from './header-fields.ts';
import { tagOf } from './tags.ts';

/** The description of one route, as fastify passes it to the reference. `withProblems` replaces `x-problems` and `x-passed-on`. */

/** Returns the operation of a route: `PATCH /keys/:id`. */
export function operationOf(methodAndPath: string, route: AdminRoute) {
  const [method = '', path = ''] = methodAndPath.split(' ');
  const headers = headersOf(method, route);
  return {
    summary: route.summary,
    description: route.description,
    operationId: operationIdOf(methodAndPath),
    tags: [tagOf(path)],
    ...(route.permission === 'public' ? { security: [] } : {}),
    ...(route.params === undefined ? {} : { params: route.params }),
    ...(route.query === undefined ? {} : { querystring: route.query }),
    ...(route.body === undefined ? {} : { body: route.body }),
    ...(route.takesForm ? { consumes: [FORM_TYPE] } : {}),
    ...(headers === null ? {} : { headers }),
    response: {
      [route.status]: successOf(route),
      ...(route.rehearsal === undefined || route.status === 200 ? {} : { 200: dryRunOf(route.rehearsal) }),
    },
    'x-problems': problemsOf(method, route),
    ...(route.form === 'passed_on' ? { 'x-passed-on': true } : {}),
  };
}

function operationIdOf(methodAndPath: string): string {
  const words = methodAndPath
    .replaceAll(/[:/]+/g, ' ')
    .replaceAll(/[^A-Za-z ]/g, ' ')
    .trim()
    .split(/\s+/);
  return words.map((word, index) => (index === 0 ? word.toLowerCase() : word)).join('_');
}

/** Returns the statuses of errors that a route can answer with. A reader of the reference sees no other one. */
function problemsOf(method: string, route: AdminRoute): readonly ProblemStatus[] {
  const isPublic = route.permission === 'public';
  const isChange = method !== 'GET';
  return [
    400,
    ...(isPublic && !isChange ? [] : ([401] as const)),
    403,
    ...(isPublic && route.query === undefined && route.body === undefined ? [] : ([404] as const)),
    ...(isChange || route.form === 'redirect' ? ([409] as const) : []),
    ...(route.takesIfMatch ? ([412] as const) : []),
    ...(isChange ? ([413, 415] as const) : []),
    429,
    431,
    500,
    503,
  ];
}

function successOf(route: AdminRoute) {
  // The library needs a schema; `withProblems` writes the description.
  if (route.status === 204 || route.status === 303) return z.undefined();
  const description = route.status === 201 ? 'Created.' : 'The answer.';
  const types = route.contentType === undefined ? TYPES_OF[route.form] : [route.contentType];
  const schemas = Object.fromEntries(types.map((type) => [type, { schema: schemaFor(route, type) }]));
  return { description, content: schemas };
}

/** The answer to a dry run of a route whose own answer has another status. */
function dryRunOf(schema: z.ZodType) {
  return { description: 'The result of a dry run.', content: { 'application/json': { schema } } };
}

const TYPES_OF: Readonly<Record<AnswerForm, readonly string[]>> = {
  json: ['application/json'],
  text: ['text/csv', 'application/x-ndjson'],
  events: ['text/event-stream'],
  passed_on: ['application/json', 'text/event-stream'],
  redirect: [],
};

function schemaFor(route: AdminRoute, type: string): z.ZodType {
  if (type !== 'application/json') return z.string();
  if (route.form !== 'json') return z.record(z.string(), z.unknown());
  return route.rehearsal === undefined || route.status !== 200 ? route.response : z.union([route.response, route.rehearsal]);
}

/** Returns the headers that mean something to a route, or null if none does. */
function headersOf(method: string, route: AdminRoute) {
  const fields = {
    ...(takesReason(method, route) ? { 'x-headgate-reason': reason } : {}),
    ...(route.takesIfMatch ? { 'if-match': ifMatch } : {}),
    ...(takesIdempotencyKey(method, route) ? { 'idempotency-key': idempotencyKey } : {}),
  };
  return Object.keys(fields).length === 0 ? null : z.object(fields);
}
