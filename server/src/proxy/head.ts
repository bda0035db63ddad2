import type { GatewayRequest, Reply } from '../http/request-reply.ts';
import { ANSWERED, type BufferedBytes, FORM_BYTES_IN_MEMORY_MAX, type HeadVerdict, isFormType } from '../lib/buffered-bytes.ts';
import type { Spool } from '../lib/spool/spool.ts';
import { type Authenticated, authenticate } from './authenticate.ts';
import { checkEncoding } from './bodies/body-type.ts';
import { isWritten, sayRefusal, serveDataPlane } from './data-plane.ts';
import { type Endpoint, walkAt } from './endpoints/endpoint.ts';
import { entitlementOnHead } from './entitlement.ts';
import type { Gateway } from './gateway.ts';
import { limitRefusal } from './limit-refusal.ts';
import { OAUTH_BODY_BYTES_MAX } from './oauth/read-fields.ts';
import { hasOAuthBody } from './oauth/serve-agents.ts';
import { refuseOnHead } from './pipeline.ts';
import { serviceUnavailable, tooLarge } from './refusal.ts';
import { asRefusal } from './refuse.ts';
import { formVerdict } from './spool/arriving-form.ts';
import { asFormRefusal } from './spool/form-of.ts';
import { formBytesMaxAt } from './spool/form-paths.ts';

/** The bounds by which heads are judged, beside the gateway's rules. */
export interface HeadBounds {
  readonly buffered: BufferedBytes;
  readonly bodyBytesMax: number;
  /** The bound on forms with recordings or pictures, which take disk instead of memory. */
  readonly formBytesMax: number;
  readonly spool: Spool;
  /** Returns the holder whose share of memory an address uses; null for none, such as a proxy with many clients. */
  readonly holderOf: (address: string) => string | null;
}

/** The longest body that is read without checking limits first. Reading it is cheaper, and admission checks the limits anyway. */
const SHORT_BYTES_MAX = 16_384;

/**
 * Judges a request of the data plane whose body did not arrive with its head. The key, its status and exhausted request limits decide
 * whether the body is read. A request that needs no body is answered at once. Never throws or rejects.
 */
export function judgeHead(
  request: GatewayRequest,
  reply: Reply,
  gateway: Gateway,
  bounds: HeadBounds,
): HeadVerdict | Promise<HeadVerdict> {
  const endpoint = request.method === 'POST' ? walkAt(request.path) : null;
  if (endpoint === null && hasOAuthBody(request)) return oauthVerdict(request, reply, gateway, bounds);
  if (endpoint === null && !isWritten(request)) {
    serveDataPlane(request, reply, gateway);
    return ANSWERED;
  }
  const asked: Asked = { request, reply, endpoint, gateway, bounds };
  try {
    const found = authenticate(request, gateway);
    if (!(found instanceof Promise)) return judge(asked, found);
    return found.then(
      (later) => judge(asked, later),
      (error: unknown) => refused(asked, null, error),
    );
  } catch (error) {
    return refused(asked, null, error);
  }
}

/** The verdict on a body of the OAuth endpoints. They need no key, so only a small body is read. */
function oauthVerdict(request: GatewayRequest, reply: Reply, gateway: Gateway, bounds: HeadBounds): HeadVerdict {
  const address = bounds.holderOf(request.remoteAddress);
  const room = bounds.buffered.roomFor(address === null ? [] : [address]);
  let left = OAUTH_BODY_BYTES_MAX;
  const isTooLarge = Number(request.header('content-length') ?? 0) > OAUTH_BODY_BYTES_MAX;
  const refuse = (why: 'no_room' | 'too_large') => {
    const refusal = why === 'too_large' || left < 0 ? tooLarge(OAUTH_BODY_BYTES_MAX) : noRoom();
    sayRefusal(request, reply, refusal, gateway.requestId());
  };
  if (isTooLarge) {
    refuse('too_large');
    return ANSWERED;
  }
  return {
    is: 'read',
    room: {
      take: (bytes) => {
        left -= bytes;
        return left >= 0 && room.take(bytes);
      },
      free: () => room.free(),
    },
    refuse,
  };
}

interface Asked {
  readonly request: GatewayRequest;
  readonly reply: Reply;
  /** Null for a question with a body, which is answered without admission. */
  readonly endpoint: Endpoint | null;
  readonly gateway: Gateway;
  readonly bounds: HeadBounds;
}

function judge(asked: Asked, found: Authenticated): HeadVerdict {
  const { gateway, request, bounds } = asked;
  const { key } = found;
  try {
    if (found.refusal !== null) return refused(asked, found, found.refusal);
    const length = request.header('content-length');
    if (asked.endpoint !== null && (length === undefined || Number(length) > SHORT_BYTES_MAX)) {
      const entitlement = entitlementOnHead(key, gateway);
      const result = entitlement === null ? null : gateway.counters.exhausted(entitlement.plan);
      if (entitlement !== null && result !== null) {
        return refused(asked, found, limitRefusal(result, entitlement, ONE_REQUEST, NO_OUTPUT, asked.endpoint.wire), entitlement);
      }
    }
  } catch (error) {
    return refused(asked, found, error);
  }
  const address = bounds.holderOf(request.remoteAddress);
  const holders = address === null ? [key.config.id] : [key.config.id, address];
  const formBytesMax = formBytesMaxAt(request.path, bounds.formBytesMax);
  if (formBytesMax !== null && isLargeForm(request)) return formAt(asked, found, holders, formBytesMax);
  return {
    is: 'read',
    room: bounds.buffered.roomFor(holders),
    refuse: (why) => void refused(asked, found, why === 'no_room' ? noRoom() : tooLarge(bounds.bodyBytesMax)),
  };
}

/** Reports whether a body is a form that is too large for memory, or may be. */
function isLargeForm(request: GatewayRequest): boolean {
  const length = request.header('content-length');
  if (length !== undefined && Number(length) <= FORM_BYTES_IN_MEMORY_MAX) return false;
  return isFormType(request.header('content-type') ?? '');
}

function formAt(asked: Asked, found: Authenticated, holders: readonly string[], bytesMax: number): HeadVerdict {
  const { request, bounds } = asked;
  const declared = request.header('content-length');
  try {
    checkEncoding(request);
    return formVerdict({
      ...{ path: request.path, contentType: request.header('content-type') ?? '', holders, spool: bounds.spool },
      // What is larger than the spool would wait for room in vain.
      bytesMax: Math.min(bytesMax, bounds.spool.bytesMax),
      declaredBytes: declared === undefined ? null : Number(declared),
      memory: bounds.buffered.roomFor(holders),
      refuse: (why) => void refused(asked, found, why),
    });
  } catch (error) {
    return refused(asked, found, asFormRefusal(error));
  }
}

/** The amounts that a request is known to need before its body arrives: one request, and no tokens or money. */
const ONE_REQUEST = { tokens: 0, nanoUsd: 0, nanoUsdMin: 0 };
const NO_OUTPUT = { outputCap: 'as_asked', outputTokensMax: 0 } as const;

function noRoom() {
  return serviceUnavailable(
    'The gateway has no memory for this body, because too many bytes are arriving at once from you or from everyone. Try again in a moment.',
  );
}

function refused(
  { request, reply, endpoint, gateway }: Asked,
  found: Authenticated | null,
  error: unknown,
  entitlement: Parameters<typeof refuseOnHead>[0]['entitlement'] = null,
): HeadVerdict {
  if (endpoint === null) sayRefusal(request, reply, asRefusal(error, gateway.requestId(), gateway), gateway.requestId());
  else refuseOnHead({ request, reply, endpoint, key: found?.key ?? null, entitlement }, error, gateway);
  return ANSWERED;
}
