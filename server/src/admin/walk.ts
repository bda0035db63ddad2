import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Visitor } from '../identity/exchange.ts';
import type { Actor } from './actor.ts';
import type { Answer } from './answer.ts';
import { authorize } from './authorize.ts';
import { AdminCall, type RawCall } from './call.ts';
import type { AdminDeps } from './deps.ts';
import { answerOnce } from './idempotency.ts';
import type { AdminRoute } from './route.ts';

const REASON_LENGTH_MAX = 500;

/**
 * One admin request, once its caller is known: find the object, ask whether they may, validate, act, answer. Validation of the body
 * comes after the permission, so that a refused caller learns nothing from it.
 */
export async function answerRoute(deps: AdminDeps, route: AdminRoute, actor: Actor, request: FastifyRequest): Promise<Answer> {
  const call = new AdminCall(deps, actor, rawCallOf(request), route);
  call.params;
  const { place, object } = await route.load(call);
  if (route.permission !== 'public' && route.permission !== 'signed_in') authorize(call.actor, route.permission, place);
  call.query;
  call.body;
  const act = async () => renderAnswer(route, await route.handle(call, object));
  // What is about oneself is not kept for `Idempotency-Key`: it holds cookies, or was asked by nobody in particular.
  const answer = await (call.actor.kind === 'anonymous' || route.permission === 'signed_in' ? act() : answerOnce(call, act));
  return { ...answer, cookies: call.cookies };
}

/** Writes an answer out. */
export function send(reply: FastifyReply, answer: Answer): FastifyReply {
  reply.code(answer.status);
  if (answer.etag !== null) reply.header('etag', answer.etag);
  if (answer.cookies !== undefined && answer.cookies.length > 0) reply.header('set-cookie', [...answer.cookies]);
  if (answer.lines !== undefined) return reply.header('content-type', 'application/x-ndjson').send(Readable.from(answer.lines));
  if (answer.body === null) return reply.send();
  return reply.header('content-type', 'application/json; charset=utf-8').send(answer.body);
}

function rawCallOf(request: FastifyRequest): RawCall {
  return {
    requestId: request.id,
    method: request.method,
    route: request.routeOptions.url ?? '',
    ip: request.ip,
    visitor: visitorOf(request),
    ownOrigin: `${request.protocol}://${request.host}`,
    params: request.params,
    query: request.query,
    body: request.body,
    reason: headerOf(request, 'x-headgate-reason')?.slice(0, REASON_LENGTH_MAX) ?? null,
    ifMatch: headerOf(request, 'if-match'),
    idempotencyKey: headerOf(request, 'idempotency-key'),
  };
}

export function visitorOf(request: FastifyRequest): Visitor {
  const { cookie, origin, 'user-agent': userAgent } = request.headers;
  return { cookie, origin, userAgent, ip: request.ip };
}

function headerOf(request: FastifyRequest, name: string): string | null {
  const value = request.headers[name];
  return typeof value === 'string' && value !== '' ? value : null;
}

/** Only what the response schema names leaves the house: a column added to a row does not appear in an answer by accident. */
function renderAnswer(route: AdminRoute, result: unknown): Answer {
  if (route.lines) return { status: route.status, body: null, etag: null, lines: result as AsyncIterable<string> };
  if (route.status === 204) return { status: 204, body: null, etag: null };
  const body = route.response.encode(result);
  return { status: route.status, body: JSON.stringify(body), etag: etagOf(body) };
}

/** What carries a version carries an ETag. */
function etagOf(body: unknown): string | null {
  if (typeof body !== 'object' || body === null || !('version' in body)) return null;
  return typeof body.version === 'number' ? `"${body.version}"` : null;
}
