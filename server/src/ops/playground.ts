import type { ServerResponse } from 'node:http';
import { TAGS_HEADER } from '../dialects/exchange.ts';
import { NodeReply } from '../http/node/node-reply.ts';
import type { GatewayRequest } from '../http/request-reply.ts';
import type { Bytes } from '../lib/pieces.ts';
import { authenticateById } from '../proxy/authenticate.ts';
import { ENDPOINTS, type Endpoint } from '../proxy/endpoints/endpoint.ts';
import type { Gateway } from '../proxy/gateway.ts';
import { handle } from '../proxy/pipeline.ts';

/** A call that a person makes from the console, as one of the keys they may use. */
export interface PlaygroundCall {
  readonly organizationId: string;
  readonly keyId: string;
  /** A chat completion as an application would send it, in JSON. */
  readonly body: Buffer;
  /** The tags, as an application would send them in its header. */
  readonly tags: readonly string[];
  readonly response: ServerResponse;
}

const PATH = '/v1/chat/completions';
const CHAT = ENDPOINTS.find((endpoint) => endpoint.path === PATH) as Endpoint;

/** Serves the call through the data plane: admitted, charged and logged like any other request of the key. */
export function servePlayground({ body, tags, response, ...key }: PlaygroundCall, gateway: Gateway): void {
  const request = new PlaygroundRequest(body, tags, gateway.clock.monotonicMs());
  void handle(request, new NodeReply(response), CHAT, gateway, () => authenticateById(key, gateway));
}

/** A request that did not arrive on a socket of the data plane. It has a body, its tags and a content type. */
class PlaygroundRequest implements GatewayRequest {
  readonly method = 'POST';
  readonly path = PATH;
  readonly query = '';
  readonly rawHeaders: readonly string[] = [];
  readonly remoteAddress = '';
  body: Bytes;
  readonly startedMs: number;
  readonly #tags: readonly string[];

  constructor(body: Buffer, tags: readonly string[], startedMs: number) {
    this.body = body;
    this.#tags = tags;
    this.startedMs = startedMs;
  }

  header(name: string): string | undefined {
    if (name === TAGS_HEADER && this.#tags.length > 0) return this.#tags.join(',');
    return name === 'content-type' ? 'application/json' : undefined;
  }
}
