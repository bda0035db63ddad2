import type { ServerResponse } from 'node:http';
import { authenticateById } from './authenticate.ts';
import { ENDPOINTS, type Endpoint } from './endpoints/endpoint.ts';
import type { Gateway } from './gateway.ts';
import type { GatewayRequest } from './http.ts';
import { NodeReply } from './node-exchange.ts';
import { handle } from './pipeline.ts';

/** A call that somebody makes from the console, as one of the keys they may use. */
export interface PlaygroundCall {
  readonly organizationId: string;
  readonly keyId: string;
  /** A chat completion as an application would send it, in JSON. */
  readonly body: Buffer;
  readonly response: ServerResponse;
}

const PATH = '/v1/chat/completions';
const CHAT = ENDPOINTS.find((endpoint) => endpoint.path === PATH) as Endpoint;

/** The data plane's own walk and its own answer: admitted, charged and logged like any other request of the key. */
export function servePlayground({ body, response, ...key }: PlaygroundCall, gateway: Gateway): void {
  const request = new HouseRequest(body, gateway.clock.monotonicMs());
  void handle(request, new NodeReply(response), CHAT, gateway, () => authenticateById(key, gateway));
}

/** A request that came over no socket of the data plane: it has a body and nothing that a caller could say in a header. */
class HouseRequest implements GatewayRequest {
  readonly method = 'POST';
  readonly path = PATH;
  readonly query = '';
  readonly rawHeaders: readonly string[] = [];
  readonly isLoopback = false;
  readonly body: Buffer;
  readonly startedMs: number;

  constructor(body: Buffer, startedMs: number) {
    this.body = body;
    this.startedMs = startedMs;
  }

  header(name: string): string | undefined {
    return name === 'content-type' ? 'application/json' : undefined;
  }
}
