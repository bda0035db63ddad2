import type { Protocol, ProviderToAsk } from '../../identity/protocol.ts';
import { ProviderUnreachable } from '../../identity/protocol-problems.ts';
import { open, seal, UnsealFailure } from '../../lib/secrets.ts';
import type { ProviderRow } from '../../store/identity/identity-providers.ts';
import type { AdminDeps } from '../http/deps.ts';
import { conflict } from '../http/problem.ts';

/** Seals a provider's secret for its row. */
export function sealSecret(
  { keys }: Pick<AdminDeps, 'keys'>,
  row: Pick<ProviderRow, 'organizationId' | 'id'>,
  secret: string,
): Buffer {
  return seal(keys.credentials, secret, placeOf(row));
}

/** Returns the opened secret of a row, or null if it has none. Throws ProviderUnreachable if it cannot be opened. */
export function openSecret(
  { keys }: Pick<AdminDeps, 'keys'>,
  row: Pick<ProviderRow, 'organizationId' | 'id' | 'name'>,
  sealed: Buffer | null,
): string | null {
  if (sealed === null) return null;
  try {
    return open(keys.credentials, sealed, placeOf(row)).toString();
  } catch (error) {
    if (!(error instanceof UnsealFailure)) throw error;
    throw new ProviderUnreachable(`The stored secret of ${row.name} cannot be opened. An owner must enter it again.`);
  }
}

/**
 * Returns a provider as its protocol needs it. `next`: with the configuration that waits for a test, if there is one. Throws
 * ProviderUnreachable if its secret cannot be opened.
 */
export function providerToAsk(deps: Pick<AdminDeps, 'keys'>, row: ProviderRow, which: 'present' | 'next'): ProviderToAsk {
  const next = which === 'next' ? row.nextConfig : null;
  const { organizationId, id, name, protocol, groupsClaim, secondFactorValues } = row;
  const secret = openSecret(deps, row, next === null ? row.sealed : row.nextSealed);
  return { organizationId, id, name, protocol, config: next ?? row.config, secret, groupsClaim, secondFactorValues };
}

/** Returns the protocol by which a provider is asked. Throws 409 if this version does not speak it. */
export function protocolOf({ protocols }: Pick<AdminDeps, 'protocols'>, { protocol }: Pick<ProviderRow, 'protocol'>): Protocol {
  const known = protocols[protocol];
  if (known === undefined) throw conflict(`This version cannot sign people in by ${protocol}.`);
  return known;
}

/** Returns the public URL. Throws 409 if there is none. */
export function requirePublicUrl({ publicUrl }: Pick<AdminDeps, 'publicUrl'>): string {
  if (publicUrl === null) throw conflict('Set HEADGATE_PUBLIC_URL: identity providers send people back to it.');
  return publicUrl;
}

function placeOf({ organizationId, id }: Pick<ProviderRow, 'organizationId' | 'id'>): string {
  return `identity provider ${organizationId} ${id}`;
}
