import type { Protocols } from '../identity/protocols.ts';
import type { MetadataReader } from '../jobs/identity/saml-metadata.ts';
import type { TimerWheel } from '../lib/timing/timer-wheel.ts';
import type { Config } from '../settings/config.ts';
import type { AddressPolicy } from '../upstream/address-policy.ts';
import { oidcFor } from './oidc-for.ts';
import type { Stores } from './open-stores.ts';
import { samlFor } from './saml-for.ts';

/** Opens the protocols of identity providers over the store, and what reads the metadata of SAML. */
export function protocolsFor(
  config: Config,
  policy: AddressPolicy,
  { database, audit }: Pick<Stores, 'database' | 'audit'>,
  wheel: TimerWheel,
): { readonly protocols: Protocols; readonly metadata: MetadataReader; close(): void } {
  const { oidc, close: closeOidc } = oidcFor(config, policy, database.db, wheel);
  const { saml, metadata, close: closeSaml } = samlFor(config, policy, { db: database.db, audit }, wheel);
  return {
    protocols: { oidc, saml },
    metadata,
    close: () => {
      closeOidc();
      closeSaml();
    },
  };
}
