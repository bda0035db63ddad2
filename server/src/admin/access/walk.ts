import type { OutgoingHttpHeaders } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Visitor } from '../../identity/exchange.ts';
import { HEADER_LENGTHS_MAX } from '../contract/header-fields.ts';
import { type Exports, whileAdmitted } from '../exports/exports.ts';
import type { Attempts } from '../guards/attempts.ts';
import type { Actor } from '../http/actor.ts';

import type { Answer, OpenExport, PassOn, Redirect, TextAnswer } from '../http/answer.ts';
import { authorize, hiddenObject, isOfPlatform, type Permissions, type Place } from '../http/authorize.ts';
import { AdminCall, type RawCall } from '../http/call.ts';
import { Rehearsed } from '../http/change.ts';
import type { AdminDeps } from '../http/deps.ts';
import { answerOnce } from '../http/idempotency.ts';
import { invalidFields, Problem } from '../http/problem.ts';
import { problemOf } from '../http/problem-of.ts';
import { type AdminRoute, takesIdempotencyKey } from '../http/route.ts';
import type { Admission, Admitted } from '../streams/admission.ts';
import type { Listeners } from '../streams/listeners.ts';
import { type Feed, openFeed } from '../streams/sse.ts';

/**
 * Serves one admin request whose caller is known: finds the object, checks the permission, validates, acts and answers. The body
 * is validated after the permission check, so that a refused caller learns nothing from it.
 */
export async function answerRoute(deps: AdminDeps, route: AdminRoute, caller: Caller, request: FastifyRequest): Promise<Answer> {
  refuseLongHeaders(request);
  const admitted = await admit(deps, route, caller.actor, request, caller.attempts);
  const { call, object } = admitted;
  call.query;
  call.body;
  if (route.callsProvider) await caller.attempts.made(call, 'provider.call', admitted.place);
  const again = async () => admit(deps, route, await caller.again(), request);
  const admission = { first: admitted, again };
  if (route.form === 'events') {
    const feed = (await route.handle(call, object)) as Feed;
    return { ...NO_BODY, events: openFeed(feed, admission, caller.listeners) };
  }
  if (route.form === 'text') return { ...NO_BODY, text: await openExport(route, admission, admitted.place, caller) };
  const act = async () => renderAnswer(route, await route.handle(call, object).catch(rehearsal));
  const answer = await (takesIdempotencyKey(request.method, route) ? answerOnce(call, act) : act());
  return { ...answer, cookies: call.cookies };
}

/** The caller of a request. `again` authenticates the caller once more, for an answer that takes long. */
interface Caller {
  readonly actor: Actor;
  again(): Promise<Actor>;
  readonly listeners: Listeners;
  readonly exports: Exports;
  readonly attempts: Attempts;
}

/**
 * Loads the object and checks the permission. Reports a refusal to `attempts`; the repeated checks during a long answer pass
 * none.
 */
async function admit(
  deps: AdminDeps,
  route: AdminRoute,
  actor: Actor,
  request: FastifyRequest,
  attempts?: Attempts,
): Promise<Admitted & { readonly place: Place }> {
  const call = new AdminCall(deps, actor, rawCallOf(request, route), route);
  call.params;
  const isForRoles = route.permission !== 'public' && route.permission !== 'signed_in';
  const { place, object } = await route.load(call).catch((error) => {
    throw isForRoles && isNotFound(error) && !isOfPlatform(actor) ? hiddenObject() : error;
  });
  if (!isForRoles) return { call, object, place };
  try {
    authorize(call.actor, route.permission as Permissions, place);
  } catch (error) {
    await attempts?.denied(call, place, error);
    throw error;
  }
  return { call, object, place };
}

function isNotFound(error: unknown): boolean {
  return error instanceof Problem && error.status === 404;
}

function openExport(route: AdminRoute, admission: Admission, place: Place, { exports, attempts }: Caller): Promise<OpenExport> {
  const { call, object } = admission.first;
  const { requestId, deps } = call;
  return exports.open(
    async () => {
      const answer = (await route.handle(call, object)) as TextAnswer;
      await attempts.made(call, 'export.create', place);
      return { ...answer, lines: whileAdmitted(answer.lines, admission) };
    },
    (error) => ({ problem: problemOf(error, requestId, deps.log), requestId }),
  );
}

const NO_BODY = { status: 200, body: null, etag: null } as const;

/** Writes an answer to the reply. */
export function send(reply: FastifyReply, answer: Answer): FastifyReply {
  if (answer.passOn !== undefined) return passOn(reply, answer.passOn);
  reply.code(answer.status);
  if (answer.etag !== null) reply.header('etag', answer.etag);
  if (answer.cookies !== undefined && answer.cookies.length > 0) reply.header('set-cookie', [...answer.cookies]);
  if (answer.location !== undefined) reply.header('location', answer.location);
  if (answer.text !== undefined) return sendText(reply, answer.text);
  if (answer.events !== undefined) {
    // Tells proxies not to buffer events.
    return reply.headers({ 'content-type': 'text/event-stream; charset=utf-8', 'x-accel-buffering': 'no' }).send(answer.events);
  }
  if (answer.body === null) return reply.send();
  return reply.header('content-type', 'application/json; charset=utf-8').send(answer.body);
}

function sendText(reply: FastifyReply, { type, fileName, writeTo }: OpenExport): FastifyReply {
  reply.header('content-type', `${type}; charset=utf-8`);
  if (fileName !== undefined) reply.header('content-disposition', `attachment; filename="${fileName}"`);
  reply.hijack();
  reply.raw.writeHead(reply.statusCode, reply.getHeaders() as OutgoingHttpHeaders);
  void writeTo(reply.raw);
  return reply;
}

/**
 * Passes the raw response to `write` with the headers that are set so far. Request ids are left out: the passed-on answer has its
 * own.
 */
function passOn(reply: FastifyReply, write: PassOn): FastifyReply {
  reply.hijack();
  for (const [name, value] of Object.entries(reply.getHeaders())) {
    if (value !== undefined && !name.endsWith('request-id')) reply.raw.setHeader(name, value);
  }
  write(reply.raw);
  return reply;
}

function rawCallOf(request: FastifyRequest, { takesIfMatch }: AdminRoute): RawCall {
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
    reason: headerOf(request, 'x-headgate-reason'),
    ifMatch: headerOf(request, 'if-match'),
    takesIfMatch,
    idempotencyKey: headerOf(request, 'idempotency-key'),
  };
}

/** Throws 400 for a header that is longer than the reference says. A shortened reason could say the opposite of what was meant. */
function refuseLongHeaders(request: FastifyRequest): void {
  const faults = Object.entries(HEADER_LENGTHS_MAX).flatMap(([name, lengthMax]) =>
    (headerOf(request, name) ?? '').length > lengthMax
      ? [{ pointer: name, message: `must have at most ${lengthMax} characters` }]
      : [],
  );
  if (faults.length > 0) throw invalidFields(faults);
}

function visitorOf(request: FastifyRequest): Visitor {
  const { cookie, origin, 'user-agent': userAgent } = request.headers;
  return { cookie, origin, userAgent, ip: request.ip };
}

function headerOf(request: FastifyRequest, name: string): string | null {
  const value = request.headers[name];
  return typeof value === 'string' && value !== '' ? value : null;
}

/** Returns the result of a dry run, which leaves its rolled-back transaction as an error. Rethrows every other error. */
function rehearsal(error: unknown): Rehearsed {
  if (error instanceof Rehearsed) return error;
  throw error;
}

/** Encodes only the fields that the response schema names. So a new column of a row cannot appear in an answer by accident. */
function renderAnswer(route: AdminRoute, result: unknown): Answer {
  if (result instanceof Rehearsed) {
    if (route.rehearsal === undefined)
      throw new Error(`the route "${route.summary}" made a dry run but declares no schema for its answer`);
    return { ...NO_BODY, body: JSON.stringify(route.rehearsal.encode(result.answer)) };
  }
  if (route.form === 'redirect') return { ...NO_BODY, status: route.status, location: (result as Redirect).location };
  if (route.form === 'passed_on') return { ...NO_BODY, passOn: result as PassOn };
  if (route.status === 204) return { status: 204, body: null, etag: null };
  const body = route.response.encode(result);
  return { status: route.status, body: JSON.stringify(body), etag: etagOf(body) };
}

/** Returns an ETag for a body that has a `version`, else null. */
function etagOf(body: unknown): string | null {
  if (typeof body !== 'object' || body === null || !('version' in body)) return null;
  return typeof body.version === 'number' ? `"${body.version}"` : null;
}
