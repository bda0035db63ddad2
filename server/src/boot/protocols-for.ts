import type { Protocols } from '../identity/protocols.ts';
import type { TimerWheel } from '../lib/timing/timer-wheel.ts';
import type { Config } from '../settings/config.ts';
import { oidcFor } from './oidc-for.ts';
import type { Stores } from './open-stores.ts';
import { samlFor } from './saml-for.ts';

/** Opens the protocols of identity providers over the store. */
export function protocolsFor(
  config: Config,
  { database, audit }: Pick<Stores, 'database' | 'audit'>,
  wheel: TimerWheel,
): { readonly protocols: Protocols; close(): void } {
  const { oidc, close: closeOidc } = oidcFor(config, database.db, wheel);
  const { saml, close: closeSaml } = samlFor(config, { db: database.db, audit }, wheel);
  return {
    protocols: { oidc, saml },
    close: () => {
      closeOidc();
      closeSaml();
    },
  };
}
