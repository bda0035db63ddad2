/** Opens what accepts tokens of trusted issuers: their keys, and the bounds on exchanges. */

import { fetchKeySet } from '../identity/workload/fetch-key-set.ts';
import { createIssuerKeys } from '../identity/workload/issuer-keys.ts';
import { KEY_SET_BYTES_MAX } from '../identity/workload/key-set.ts';
import { createTokenAttempts } from '../identity/workload/token-attempts.ts';
import { systemClock as clock } from '../lib/timing/clock.ts';
import type { TimerWheel } from '../lib/timing/timer-wheel.ts';
import type { ExchangeParts } from '../proxy/oauth/exchange-grant.ts';
import { TokenNames } from '../proxy/oauth/token-names.ts';
import type { Config } from '../settings/config.ts';
import { findKeySet, saveKeySet } from '../store/workload/trust.ts';
import { checkWebhookUrl } from '../upstream/address-policy.ts';
import { createBoundedFetch } from '../upstream/bounded-fetch.ts';
import { createTransport } from '../upstream/transport.ts';
import type { Stores } from './open-stores.ts';
import { policiesOf } from './providers-for.ts';

/** A workload waits for the keys of its issuer. */
const TIMEOUT_MS = 5_000;
/** Key sets are fetched seldom, so connections are few and soon closed. */
const KEPT = { connectionsMax: 16, waitingMax: 256, keepAliveMs: 4_000 } as const;

/** Returns the parts. Tenants enter the addresses of issuers, so the rules for addresses of tenants hold. */
export function workloadsFor(
  config: Config,
  { database: { db }, installation, audit }: Stores,
  wheel: TimerWheel,
): ExchangeParts {
  const policy = policiesOf(config).organizations;
  const transport = createTransport({ policy, wheel, hidesInnerNames: true, ...KEPT });
  const fetching = {
    fetch: createBoundedFetch({ transport, setting: policy.setting, timeoutMs: TIMEOUT_MS, answerBytesMax: KEY_SET_BYTES_MAX }),
    checkUrl: (url: string) => checkWebhookUrl(url, policy),
  };
  return {
    db,
    clock,
    publicUrl: config.publicUrl,
    keys: createIssuerKeys({
      clock,
      fetch: (issuer) => fetchKeySet(issuer, fetching),
      load: (issuer) => findKeySet(db, issuer),
      save: (issuer, fetched) => saveKeySet(db, issuer, fetched),
    }),
    pepper: installation.pepper,
    audit,
    attempts: createTokenAttempts(clock),
    names: new TokenNames(),
  };
}
