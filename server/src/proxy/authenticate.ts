import type { Caller } from '../domain/tenancy/tenancy.ts';
import type { GatewayRequest } from '../http/request-reply.ts';
import { looksLikeToken } from '../identity/workload/read-token.ts';
import { looksLikeKeySecret } from '../lib/secrets.ts';
import type { Gateway } from './gateway.ts';
import { findByToken } from './oauth/direct-tokens.ts';
import { nameOfToken } from './oauth/token-names.ts';
import { invalidRequest, Refusal, serviceUnavailable } from './refusal.ts';
import type { CachedKey } from './snapshot/cached-key.ts';

/** A key that exists, and the refusal if it may not call. Refused requests of a known key also leave a request-log row. */
export interface Authenticated {
  readonly key: CachedKey;
  readonly refusal: Refusal | null;
}

/**
 * Finds the key whose secret the request carries. Throws `invalid_api_key` if the secret is missing, malformed or unknown, and
 * `invalid_request` for two different secrets. Throws `service_unavailable` if the key is not cached and the store is
 * unreachable: it may exist.
 */
export function authenticate(request: GatewayRequest, gateway: Gateway): Authenticated | Promise<Authenticated> {
  if (request.query !== '' && request.path.startsWith(GEMINI)) refuseKeyInAddress(request.query);
  const secret = presentedSecret(request.rawHeaders);
  if (secret === null) throw unknownKey('The request has no API key. Send it in the header `Authorization: Bearer sk-hg-...`.');
  // A cached secret was checked before; its form need not be checked again.
  const found =
    gateway.snapshot.cachedKey(secret) ??
    (looksLikeKeySecret(secret) ? gateway.snapshot.keyBySecret(secret) : keyByToken(secret, gateway));
  if (!(found instanceof Promise)) return found === null ? notFound(secret, gateway) : check(found, gateway.clock.nowMs());
  return found.then(
    (key) => (key === null ? notFound(secret, gateway) : check(key, gateway.clock.nowMs())),
    (error: unknown) => {
      // A token that was refused, or whose issuer cannot be asked, has a reason of its own.
      if (error instanceof Refusal) throw error;
      throw serviceUnavailable(
        'This key cannot be checked right now, because the database cannot be reached. Try again in a moment.',
      );
    },
  );
}

/** Returns the key of a secret that ended, with the refusal that says so. Throws `invalid_api_key` for an unknown secret. */
function notFound(secret: string, gateway: Gateway): Authenticated {
  const ended = gateway.snapshot.endedSecret(secret);
  if (ended === null || ended.key.config.kind === undefined || ended.key.config.kind === 'api') return check(null, 0);
  const { key, refusal } = check(ended.key, gateway.clock.nowMs());
  const expired = `The access token expired at ${new Date(ended.endedMs).toISOString()}.`;
  return { key, refusal: refusal ?? new Refusal('api_key_expired', `${expired} ${ANOTHER_TOKEN[ended.key.config.kind]}`) };
}

const ANOTHER_TOKEN = {
  login: 'Get a new one with the refresh token, as `headgate token` does, or log in again.',
  workload: 'Exchange the workload’s own token for a new one.',
} as const;

/** Finds a key by its id, for a caller who proved elsewhere that they may use it. */
export async function authenticateById(
  { organizationId, keyId }: { readonly organizationId: string; readonly keyId: string },
  gateway: Gateway,
): Promise<Authenticated> {
  const found = await gateway.snapshot.keyById(organizationId, keyId).catch(() => {
    throw serviceUnavailable(
      'This key cannot be checked right now, because the database cannot be reached. Try again in a moment.',
    );
  });
  return check(found, gateway.clock.nowMs());
}

/** Returns the four scopes of a request whose key may call. */
export function callerOf(key: CachedKey): Caller {
  const { config, team, member } = key;
  const organization = key.holder.config;
  if (organization === null || team === null) throw unknownKey('The organization or the team of this API key does not exist.');
  return { key: config, organization, team, member };
}

function check(key: CachedKey | null, nowMs: number): Authenticated {
  if (key === null) throw unknownKey('The API key is unknown to this gateway. Check the key and the address.');
  return { key, refusal: whyNot(key, nowMs) };
}

/** Returns why the key may not call, by the status of its organization, team, owner and itself; null if all are in force. */
function whyNot(key: CachedKey, nowMs: number): Refusal | null {
  const { config, team, member } = key;
  const organization = key.holder.config;
  if (organization === null || organization.status === 'deleted' || team === null)
    return unknownKey('The API key is unknown to this gateway. Check the key and the address.');
  if (config.status.is === 'revoked')
    return unknownKey(
      config.kind === 'login' ? 'This login was ended. Log in again.' : 'The API key was revoked. Use another key.',
    );
  if (organization.status === 'suspended') {
    return new Refusal(
      'organization_suspended',
      `The organization ${organization.slug} is suspended. Its keys work again when an admin reactivates it.`,
    );
  }
  if (organization.status === 'archived')
    return new Refusal(
      'organization_archived',
      `The organization ${organization.slug} is archived. Its keys work again when an admin reactivates it.`,
    );
  if (config.expiresAtMs !== null && nowMs >= config.expiresAtMs) {
    return new Refusal(
      'api_key_expired',
      `The API key expired at ${new Date(config.expiresAtMs).toISOString()}. Use another key, or ask an admin for a later expiry.`,
    );
  }
  if (config.status.is === 'disabled') return new Refusal('key_disabled', 'The API key is disabled. Ask an admin to enable it.');
  if (team.status !== 'active')
    return new Refusal('key_disabled', `The team ${team.name} of this API key is suspended. Ask an admin to reactivate it.`);
  if (config.owner.is === 'member') {
    if (member === null) return unknownKey('The API key was revoked, because its owner left the organization. Use another key.');
    if (member.status !== 'active')
      return new Refusal(
        'key_disabled',
        'The owner of this API key is disabled. Ask an admin to enable the owner, or use another key.',
      );
    return null;
  }
  const service = organization.serviceAccounts.get(config.owner.serviceAccountId);
  if (service === undefined)
    return unknownKey('The API key was revoked, because its service account was deleted. Use another key.');
  return service.status === 'active'
    ? null
    : new Refusal('key_disabled', `The service account ${service.name} of this API key is disabled. Ask an admin to enable it.`);
}

function unknownKey(message: string): Refusal {
  return new Refusal('invalid_api_key', message);
}

/** Finds the key that a token of a trusted issuer opens. Anything else that is no key's secret is refused at once. */
function keyByToken(secret: string, { snapshot, workloads }: Gateway): CachedKey | Promise<CachedKey | null> {
  if (workloads === null) refuseGarbage();
  const known = workloads.names.known(secret);
  if (known === undefined && !looksLikeToken(secret)) refuseGarbage();
  const name = known ?? nameOfToken(secret);
  const found = snapshot.keyByProof(name, () => findByToken(secret, workloads));
  // One that is found at once was accepted before. Refused ones are not remembered, so they displace none.
  if (known === undefined && !(found instanceof Promise)) workloads.names.remember(secret, name);
  return found;
}

function refuseGarbage(): never {
  throw unknownKey(
    'The API key is malformed: it is incomplete, mistyped, or not a Headgate key. Check that you sent all of it (`sk-hg-...`).',
  );
}

const GEMINI = '/v1beta/';

/** Google takes keys from the query too. Proxies write queries into their logs, so a key there is refused, even the right one. */
function refuseKeyInAddress(query: string): void {
  if (new URLSearchParams(query).has('key'))
    throw unknownKey(
      'The API key is in the address (?key=…), where logs keep it. Send it in the header `x-goog-api-key`, and replace this key.',
    );
}

/** Returns the secret that the request carries in any of four headers; null if there is none. Two different ones are a 400. */
function presentedSecret(rawHeaders: readonly string[]): string | null {
  let secret: string | null = null;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const found = secretIn(rawHeaders[at] as string, rawHeaders[at + 1] as string);
    if (found === null) continue;
    if (secret !== null && secret !== found)
      throw invalidRequest('The request has two different API keys in its headers. Send one.');
    secret = found;
  }
  return secret;
}

function secretIn(name: string, value: string): string | null {
  switch (name.length) {
    case 7:
      return name.toLowerCase() === 'api-key' ? value.trim() : null;
    case 9:
      return name.toLowerCase() === 'x-api-key' ? value.trim() : null;
    case 13:
      return name.toLowerCase() === 'authorization' ? bearer(value) : null;
    case 14:
      return name.toLowerCase() === 'x-goog-api-key' ? value.trim() : null;
    default:
      return null;
  }
}

function bearer(value: string): string {
  return value.length > 7 && value.slice(0, 7).toLowerCase() === 'bearer ' ? value.slice(7).trim() : value.trim();
}
