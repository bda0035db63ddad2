import type { ServerResponse } from 'node:http';
import { TAGS_HEADER, writeForm } from '../dialects/exchange.ts';
import { NodeReply } from '../http/node/node-reply.ts';
import type { GatewayRequest } from '../http/request-reply.ts';
import type { Bytes } from '../lib/pieces.ts';
import type { FormFile } from '../lib/spool/spooled-form.ts';
import { authenticateById } from '../proxy/authenticate.ts';
import { sayRefusal } from '../proxy/data-plane.ts';
import { walkAt } from '../proxy/endpoints/endpoint.ts';
import { nothingAt } from '../proxy/endpoints/nothing-here.ts';
import type { Gateway } from '../proxy/gateway.ts';
import { handle } from '../proxy/pipeline.ts';

/** A call that a person makes from the console, as one of the keys they may use. */
export interface PlaygroundCall {
  readonly organizationId: string;
  readonly keyId: string;
  /** The path of the data plane with its query, which says the dialect of the body and of the answer. */
  readonly target: string;
  readonly body: Readonly<Record<string, unknown>>;
  /** Files to upload. With any, the body is sent as a form: its fields, then the files. Without, it is sent as JSON. */
  readonly files: readonly FormFile<Buffer>[];
  /** The tags, as an application would send them in its header. */
  readonly tags: readonly string[];
  readonly response: ServerResponse;
}

/** Serves the call through the data plane: admitted, charged and logged like any other request of the key. */
export function servePlayground({ target, body, files, tags, response, ...key }: PlaygroundCall, gateway: Gateway): void {
  const written = files.length === 0 ? jsonBody(body) : formBody(body, files);
  const request = new PlaygroundRequest(target, written, tags, gateway.clock.monotonicMs());
  const reply = new NodeReply(response);
  const endpoint = walkAt(request.path);
  if (endpoint === null) sayRefusal(request, reply, nothingAt(request.path), gateway.requestId());
  else void handle(request, reply, endpoint, gateway, () => authenticateById(key, gateway));
}

/** A body as an application would send it. */
interface Written {
  readonly bytes: Bytes;
  readonly contentType: string;
}

function jsonBody(body: PlaygroundCall['body']): Written {
  return { bytes: Buffer.from(JSON.stringify(body)), contentType: 'application/json' };
}

function formBody(body: PlaygroundCall['body'], files: readonly FormFile<Buffer>[]): Written {
  const fields = Object.entries(body).map(([name, value]) => [
    inQuotes(name),
    Array.isArray(value) ? value.map(formText) : formText(value),
  ]);
  return writeForm(
    Object.fromEntries(fields),
    files.map((file) => ({ ...file, field: inQuotes(file.field), filename: inQuotes(file.filename) })),
  );
}

/** Returns a name as browsers write it into the head of a part: it ends neither its quotes nor its line. */
function inQuotes(name: string): string {
  return name.replace(/["\r\n\\]/g, (character) => encodeURIComponent(character));
}

function formText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** A request that did not arrive on a socket of the data plane. It has a body, its tags and a content type. */
class PlaygroundRequest implements GatewayRequest {
  readonly method = 'POST';
  readonly path: string;
  readonly query: string;
  readonly rawHeaders: readonly string[] = [];
  readonly remoteAddress = '';
  body: Bytes;
  readonly startedMs: number;
  readonly #contentType: string;
  readonly #tags: readonly string[];

  constructor(target: string, { bytes, contentType }: Written, tags: readonly string[], startedMs: number) {
    const mark = target.indexOf('?');
    this.path = mark < 0 ? target : target.slice(0, mark);
    this.query = mark < 0 ? '' : target.slice(mark + 1);
    this.body = bytes;
    this.#contentType = contentType;
    this.#tags = tags;
    this.startedMs = startedMs;
  }

  header(name: string): string | undefined {
    if (name === TAGS_HEADER && this.#tags.length > 0) return this.#tags.join(',');
    return name === 'content-type' ? this.#contentType : undefined;
  }
}
