import type { GatewayRequest, Reply } from '../http/request-reply.ts';
import { ANSWERED, type BufferedBytes, type HeadVerdict } from '../lib/buffered-bytes.ts';
import { type Authenticated, authenticate } from './authenticate.ts';
import { serveDataPlane, walkAt } from './data-plane.ts';
import type { Endpoint } from './endpoints/endpoint.ts';
import { entitlementOnHead } from './entitlement.ts';
import type { Gateway } from './gateway.ts';
import { limitRefusal } from './limit-refusal.ts';
import { refuseOnHead } from './pipeline.ts';
import { serviceUnavailable, tooLarge } from './refusal.ts';

/** What heads are judged by beside the gateway. */
export interface HeadBounds {
  readonly buffered: BufferedBytes;
  readonly bodyBytesMax: number;
  /** Whose share of the room an address has; null: no one's, as of a proxy that many are behind. */
  readonly holderOf: (address: string) => string | null;
}

/** A shorter body is read before limits are looked at: it is less work than the look, and they are checked with the body anyway. */
const SHORT_BYTES_MAX = 16_384;

/**
 * Judges a request of `/v1/` whose body has not come with its head. Key, status and exhausted request limits decide whether it is read at all;
 * what needs no body is answered at once. Never throws or rejects.
 */
export function judgeHead(
  request: GatewayRequest,
  reply: Reply,
  gateway: Gateway,
  bounds: HeadBounds,
): HeadVerdict | Promise<HeadVerdict> {
  const endpoint = request.method === 'POST' ? walkAt(request.path) : null;
  if (endpoint === null) {
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

interface Asked {
  readonly request: GatewayRequest;
  readonly reply: Reply;
  readonly endpoint: Endpoint;
  readonly gateway: Gateway;
  readonly bounds: HeadBounds;
}

function judge(asked: Asked, found: Authenticated): HeadVerdict {
  const { gateway, request, bounds } = asked;
  const { key } = found;
  try {
    if (found.refusal !== null) return refused(asked, found, found.refusal);
    const length = request.header('content-length');
    if (length === undefined || Number(length) > SHORT_BYTES_MAX) {
      const entitlement = entitlementOnHead(key, gateway);
      const result = entitlement === null ? null : gateway.counters.exhausted(entitlement.plan);
      if (entitlement !== null && result !== null) {
        return refused(asked, found, limitRefusal(result, entitlement, ONE_REQUEST, NO_OUTPUT), entitlement);
      }
    }
  } catch (error) {
    return refused(asked, found, error);
  }
  const address = bounds.holderOf(request.remoteAddress);
  const holders = address === null ? [key.config.id] : [key.config.id, address];
  return {
    is: 'read',
    room: bounds.buffered.roomFor(holders),
    refuse: (why) => void refused(asked, found, why === 'no_room' ? noRoom() : tooLarge(bounds.bodyBytesMax)),
  };
}

/** What a request is known to want before its body is here. */
const ONE_REQUEST = { tokens: 0, nanoUsd: 0, nanoUsdMin: 0 };
const NO_OUTPUT = { outputCap: 'as_asked', outputTokensMax: 0 } as const;

function noRoom() {
  return serviceUnavailable('There is no room for this body: too much is arriving at once, from here or from all. Try again.');
}

function refused(
  { request, reply, endpoint, gateway }: Asked,
  found: Authenticated | null,
  error: unknown,
  entitlement: Parameters<typeof refuseOnHead>[0]['entitlement'] = null,
): HeadVerdict {
  refuseOnHead({ request, reply, endpoint, key: found?.key ?? null, entitlement }, error, gateway);
  return ANSWERED;
}
