import { type BlockList, isIP } from 'node:net';
import { holdsAddress } from '../lib/address/address-list.ts';
import type { GatewayRequest } from './request-reply.ts';

const LOOPBACK = /^(::ffff:)?127\.|^::1$/i;

/** What proxies add to a request. Programs that scrape metrics send none of it. */
const BY_PROXIES = [
  'x-forwarded-for',
  'forwarded',
  'x-real-ip',
  'via',
  'x-forwarded-host',
  'x-forwarded-proto',
  'cf-connecting-ip',
] as const;

type Asked = Pick<GatewayRequest, 'remoteAddress' | 'header'>;

/**
 * Tells whether a request comes from a program on this machine. A proxy on this machine connects from loopback for people anywhere, so what came
 * through one is judged by the client that a trusted proxy names, and is never local where the proxy is not trusted. A proxy that adds nothing
 * to what it passes on cannot be told from a program here.
 */
export function isLocalReader(request: Asked, trustedProxies: BlockList): boolean {
  const { remoteAddress } = request;
  if (!LOOPBACK.test(remoteAddress)) return false;
  if (BY_PROXIES.every((name) => request.header(name) === undefined)) return true;
  const forwardedFor = request.header('x-forwarded-for');
  if (forwardedFor === undefined || !holdsAddress(trustedProxies, remoteAddress)) return false;
  const client = clientOf(forwardedFor, trustedProxies);
  return isIP(client) !== 0 && LOOPBACK.test(client);
}

/** The nearest address that is not a trusted proxy's: what stands before it, anybody may have written. Of trusted ones alone the farthest. */
function clientOf(forwardedFor: string, trustedProxies: BlockList): string {
  const addresses = forwardedFor.split(',').map((address) => address.trim());
  return addresses.findLast((address) => !holdsAddress(trustedProxies, address)) ?? (addresses[0] as string);
}
