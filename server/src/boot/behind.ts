/** Routes a request to the plane that answers it. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AdminApp } from '../admin/http/app.ts';
import type { GatewayRequest, Reply } from '../http/request-reply.ts';
import { ANSWERED } from '../lib/buffered-bytes.ts';
import type { Logger } from '../lib/log.ts';
import { type Operations, serveOperations } from '../ops/operations.ts';
import { serveDataPlane } from '../proxy/data-plane.ts';
import { judgeHead } from '../proxy/head.ts';
import type { Config } from '../settings/config.ts';
import type { OpenGateway } from './open-gateway.ts';
import type { Behind, Port } from './port.ts';

/** Returns the handlers for a listener. `config.role` says which of the two planes this process serves. */
export function behindOf(
  { role }: Config,
  { bodies }: Port,
  { gateway }: OpenGateway,
  admin: AdminApp,
  operations: Operations,
  log: Logger,
): Behind {
  const isDataPlane = ({ path }: GatewayRequest) => role !== 'admin' && path.startsWith('/v1/');
  const fail = (error: unknown, reply: Reply) => {
    log.error({ err: error }, 'a request for the console, metrics or health failed');
    reply.destroy();
  };
  const operate = (request: GatewayRequest, reply: Reply) =>
    void serveOperations(request, reply, operations).catch((error: unknown) => fail(error, reply));
  return {
    admin: role === 'data' ? refuseAdmin : admin.handle,
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

/** Answers 404 for the control plane's paths in a process that serves only the data plane. */
function refuseAdmin(_: IncomingMessage, response: ServerResponse): void {
  const problem = {
    type: 'about:blank',
    title: 'Not Found',
    status: 404,
    detail:
      'This process serves only the data plane. Send requests for the admin API and the console to a process with HEADGATE_ROLE=all or admin.',
  };
  response.writeHead(404, { 'content-type': 'application/problem+json' }).end(JSON.stringify(problem));
}
