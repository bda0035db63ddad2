import { type Oidc, openOidc } from '../identity/oidc/oidc.ts';
import { isLoopback } from '../identity/oidc/oidc-config.ts';
import { systemClock as clock } from '../lib/timing/clock.ts';
import type { TimerWheel } from '../lib/timing/timer-wheel.ts';
import type { Config } from '../settings/config.ts';
import { claimOnce } from '../store/accounts/sign-in.ts';
import type { Database } from '../store/database.ts';
import { readKeys, writeKeys } from '../store/identity/provider-keys.ts';
import { checkWebhookUrl } from '../upstream/address-policy.ts';
import { createBoundedFetch } from '../upstream/bounded-fetch.ts';
import { createTransport } from '../upstream/transport.ts';
import { identityProviderPolicy } from './providers-for.ts';

/** Opens OpenID Connect over the store. Its calls have a transport of their own, which reaches only what the setting allows. */
export function oidcFor(
  config: Pick<Config, 'allowedIdentityProviders' | 'publicUrl'>,
  db: Database,
  wheel: TimerWheel,
): { readonly oidc: Oidc; close(): void } {
  const policy = identityProviderPolicy(config);
  const transport = createTransport({ policy, wheel, hidesInnerNames: true, connectionsMax: 64, waitingMax: 256 });
  const oidc = openOidc({
    fetch: createBoundedFetch({ transport, setting: policy.setting }),
    checkUrl: (url) => checkWebhookUrl(url, policy) ?? plainProblem(url),
    keys: {
      read: (address, since) => readKeys(db, address, since),
      write: (address, listed, at) => writeKeys(db, address, listed, at),
    },
    claimOnce: (name, forMs) => {
      const nowMs = clock.nowMs();
      return claimOnce(db, { name, at: new Date(nowMs), until: new Date(nowMs + forMs) });
    },
    publicUrl: config.publicUrl,
    nowMs: () => clock.nowMs(),
  });
  return { oidc, close: () => transport.close() };
}

/** A provider inside the network needs TLS too: what it says decides who comes in. Only this machine itself does not. */
function plainProblem(url: string): string | null {
  const { protocol, hostname } = new URL(url);
  return protocol === 'https:' || isLoopback(hostname) ? null : 'must begin with https://';
}
