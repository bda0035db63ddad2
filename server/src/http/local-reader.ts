import { type BlockList, isIP } from 'node:net';
import { holdsAddress } from '../lib/address/address-list.ts';
import type { GatewayRequest } from './request-reply.ts';

const LOOPBACK = /^(::ffff:)?127\.|^::1$/i;

/** Headers that proxies add to a request. Programs that scrape metrics send none of them. */
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
 * Reports whether a request comes from a program on this machine. A proxy on this machine connects from loopback for clients
 * anywhere. So a request with a proxy's headers is local only if the proxy is trusted and the client that it names is loopback. A
 * proxy that adds no header cannot be distinguished from a local program.
 */
export function isLocalReader(request: Asked, trustedProxies: BlockList): boolean {
  const { remoteAddress } = request;
  if (!LOOPBACK.test(remoteAddress)) return false;
  if (BY_PROXIES.every((name) => request.header(name) === undefined)) return true;
  const client = namedClient(request, trustedProxies);
  return client !== null && LOOPBACK.test(client);
}

/** Returns the address of the client: the peer's, or the one that a trusted proxy names. */
export function clientAddressOf(request: Asked, trustedProxies: BlockList): string {
  return namedClient(request, trustedProxies) ?? request.remoteAddress;
}

/** Returns the address of the client that a trusted proxy names; null if no such proxy names one. */
function namedClient(request: Asked, trustedProxies: BlockList): string | null {
  const forwardedFor = request.header('x-forwarded-for');
  if (forwardedFor === undefined || !holdsAddress(trustedProxies, request.remoteAddress)) return null;
  const client = clientOf(forwardedFor, trustedProxies);
  return isIP(client) === 0 ? null : client;
}

/**
 * Returns the last address that is not a trusted proxy's; anyone can forge the addresses before it. If all are trusted proxies,
 * returns the first.
 */
function clientOf(forwardedFor: string, trustedProxies: BlockList): string {
  const addresses = forwardedFor.split(',').map((address) => address.trim());
  return addresses.findLast((address) => !holdsAddress(trustedProxies, address)) ?? (addresses[0] as string);
}
