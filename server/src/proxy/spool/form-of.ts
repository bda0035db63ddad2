import { BadField, readParts } from '../../dialects/exchange.ts';
import type { GatewayRequest } from '../../http/request-reply.ts';
import { joined, Pieces } from '../../lib/pieces.ts';
import type { FormFile, SpooledForm } from '../../lib/spool/spooled-form.ts';
import { checkEncoding } from '../bodies/body-type.ts';
import { invalidRequest, type Refusal } from '../refusal.ts';

/**
 * Returns the form of a request, whether its files are in memory or in the spool (lib/spool/spooled-form.ts). Throws a refusal if
 * the body is no form, or not a strict one.
 */
export function formOf(request: GatewayRequest): SpooledForm {
  checkEncoding(request);
  if (request.form !== undefined) return request.form;
  // In one piece without a second copy of it.
  const body = request.body instanceof Pieces ? joined(request.body.buffers) : request.body;
  request.body = body;
  try {
    const { fields, files } = readParts(body, request.header('content-type') ?? '');
    return { fields, files, length: body.length, close: () => {} };
  } catch (error) {
    throw asFormRefusal(error);
  }
}

/** Returns the bytes of a file in pieces, each time from its beginning. Rejects once its form was closed. */
export async function* contentOf({ bytes }: FormFile): AsyncIterable<Buffer> {
  if (Buffer.isBuffer(bytes)) yield bytes;
  else yield* bytes.read();
}

/** Returns the refusal for a form that cannot be read, or the error itself if it is another. */
export function asFormRefusal(error: unknown): Refusal | unknown {
  return error instanceof BadField ? invalidRequest(error.message, error.param) : error;
}
