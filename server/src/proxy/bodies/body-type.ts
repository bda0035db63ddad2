import type { GatewayRequest } from '../../http/request-reply.ts';
import { Refusal } from '../refusal.ts';

/** Throws 415 unless the body's head says that it is plain JSON, or nothing. */
export function checkBodyType(request: GatewayRequest): void {
  const type = request.header('content-type');
  if (type !== undefined && !type.toLowerCase().includes('json')) {
    throw new Refusal('unsupported_media_type', 'The body must be JSON. Send the header `content-type: application/json`.');
  }
  checkEncoding(request);
}

/** Throws 415 for a body that is compressed. */
export function checkEncoding(request: GatewayRequest): void {
  const encoding = request.header('content-encoding');
  if (encoding !== undefined && encoding !== 'identity') {
    throw new Refusal(
      'unsupported_media_type',
      'Compressed request bodies are not supported. Send the body without `content-encoding`.',
    );
  }
}
