/** Opens what accepts tokens of trusted issuers: their keys, and the bounds on exchanges. */

import { fetchKeySet } from '../identity/workload/fetch-key-set.ts';
import { createIssuerKeys } from '../identity/workload/issuer-keys.ts';
import { createTokenAttempts } from '../identity/workload/token-attempts.ts';
import { systemClock as clock } from '../lib/timing/clock.ts';
import type { ExchangeParts } from '../proxy/oauth/exchange-grant.ts';
import type { Config } from '../settings/config.ts';
import { findKeySet, saveKeySet } from '../store/workload/trust.ts';
import { checkWebhookUrl } from '../upstream/address-policy.ts';
import { createTextGet } from '../upstream/key-set-get.ts';
import type { Stores } from './open-stores.ts';
import { policiesOf } from './providers-for.ts';

/** Returns the parts. Tenants enter the addresses of issuers, so the rules for addresses of tenants hold. */
export function workloadsFor(config: Config, { database: { db }, installation, audit }: Stores): ExchangeParts {
  const policy = policiesOf(config).organizations;
  const { get } = createTextGet({ policy });
  const fetching = { get, checkUrl: (url: string) => checkWebhookUrl(url, policy) };
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
  };
}
