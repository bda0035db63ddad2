import { isLoopback } from '../identity/loopback.ts';
import { type Oidc, openOidc } from '../identity/oidc/oidc.ts';
import { systemClock as clock } from '../lib/timing/clock.ts';
import type { TimerWheel } from '../lib/timing/timer-wheel.ts';
import type { Config } from '../settings/config.ts';
import type { Database } from '../store/database.ts';
import { readKeys, removedKeys, writeKeys } from '../store/identity/provider-keys.ts';
import { type AddressPolicy, checkWebhookUrl } from '../upstream/address-policy.ts';
import { createBoundedFetch } from '../upstream/bounded-fetch.ts';
import { createTransport } from '../upstream/transport.ts';
import { claimsIn } from './claims-in.ts';

/** Opens OpenID Connect over the store. Its calls have a transport of their own, which reaches only what the policy allows. */
export function oidcFor(
  { publicUrl }: Pick<Config, 'publicUrl'>,
  policy: AddressPolicy,
  db: Database,
  wheel: TimerWheel,
): { readonly oidc: Oidc; close(): void } {
  const transport = createTransport({ policy, wheel, hidesInnerNames: true, connectionsMax: 64, waitingMax: 256 });
  const oidc = openOidc({
    fetch: createBoundedFetch({ transport, setting: policy.setting }),
    checkUrl: (url) => checkWebhookUrl(url, policy) ?? plainProblem(url),
    keys: {
      read: (address, since) => readKeys(db, address, since),
      removed: (address) => removedKeys(db, address),
      write: (address, listed, at) => writeKeys(db, address, listed, at),
    },
    claimOnce: claimsIn(db),
    publicUrl,
    nowMs: () => clock.nowMs(),
  });
  return { oidc, close: () => transport.close() };
}

/** A provider inside the network needs TLS too: what it says decides who comes in. Only this machine itself does not. */
function plainProblem(url: string): string | null {
  const { protocol, hostname } = new URL(url);
  return protocol === 'https:' || isLoopback(hostname) ? null : 'must begin with https://';
}
