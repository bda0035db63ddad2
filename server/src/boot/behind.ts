/** Routes a request to the plane that answers it. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AdminApp } from '../admin/http/app.ts';
import { Problem, renderProblem } from '../admin/http/problem.ts';
import { DATA_PREFIXES_IN_WORDS, isOwnPath, planeOf } from '../domain/planes.ts';
import type { GatewayRequest, Reply } from '../http/request-reply.ts';
import { ANSWERED } from '../lib/buffered-bytes.ts';
import type { Logger } from '../lib/log.ts';
import { type Operations, serveOperations } from '../ops/operations.ts';
import { sayRefusal, serveDataPlane } from '../proxy/data-plane.ts';
import { judgeHead } from '../proxy/head.ts';
import { Refusal } from '../proxy/refusal.ts';
import type { Config } from '../settings/config.ts';
import type { OpenGateway } from './open-gateway.ts';
import type { Behind, Port } from './port.ts';

/** Returns the handlers for a listener. `config.role` says which of the two planes this process serves; the other's paths are 404. */
export function behindOf(
  { role }: Config,
  { bodies }: Port,
  { gateway }: OpenGateway,
  admin: AdminApp,
  operations: Operations,
  log: Logger,
): Behind {
  const isDataPlane = ({ path }: GatewayRequest) => role !== 'admin' && planeOf(path) === 'data';
  const fail = (error: unknown, reply: Reply) => {
    log.error({ err: error }, 'a request for the console, metrics or health failed');
    reply.destroy();
  };
  const operate = (request: GatewayRequest, reply: Reply) => {
    const foreign = foreignTo(role, request.path);
    if (foreign !== null) refuse(request, reply, foreign, operations);
    else void serveOperations(request, reply, operations).catch((error: unknown) => fail(error, reply));
  };
  return {
    admin: role === 'data' ? (request, response) => refuseAdmin(request, response, operations) : admin.handle,
    allowedAt: role === 'data' ? () => [] : admin.allowedAt,
    serve: (request, reply) => {
      if (isDataPlane(request)) serveDataPlane(request, reply, gateway);
      else operate(request, reply);
    },
    judge: (request, reply) => {
      if (isDataPlane(request)) return judgeHead(request, reply, gateway, bodies);
      operate(request, reply);
      return ANSWERED;
    },
  };
}

const ONLY_ADMIN = `This process serves only the admin plane. Send requests for ${DATA_PREFIXES_IN_WORDS} to a process with HEADGATE_ROLE=all or data.`;
const ONLY_DATA = `This process serves only the data plane: ${DATA_PREFIXES_IN_WORDS}. Send requests for the admin API and the console to a process with HEADGATE_ROLE=all or admin.`;

/** Returns what to say about a path of the plane that a process of this role does not serve; null for any other path. */
function foreignTo(role: Config['role'], path: string): string | null {
  if (role === 'all' || isOwnPath(path)) return null;
  if (planeOf(path) === role) return null;
  return role === 'data' ? ONLY_DATA : ONLY_ADMIN;
}

/** Answers 404 in the dialect of the path. */
function refuse(request: GatewayRequest, reply: Reply, message: string, { requestId }: Operations): void {
  const headers = ['cache-control', 'no-store', 'x-content-type-options', 'nosniff'];
  sayRefusal(request, reply, new Refusal('not_found', message), requestId(), headers);
}

/** Answers 404 for the admin API in a process that serves only the data plane. */
function refuseAdmin(_: IncomingMessage, response: ServerResponse, { requestId }: Operations): void {
  const id = requestId();
  const headers = { 'content-type': 'application/problem+json; charset=utf-8', 'x-request-id': id, 'request-id': id };
  response.writeHead(404, headers).end(JSON.stringify(renderProblem(new Problem(404, ONLY_DATA), id)));
}
