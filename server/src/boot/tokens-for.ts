import type { CredentialConfig } from '../domain/routing/credential.ts';
import type { Logger } from '../lib/log.ts';
import { systemClock as clock } from '../lib/timing/clock.ts';
import { nowAndThen } from '../lib/timing/now-and-then.ts';
import type { TimerWheel } from '../lib/timing/timer-wheel.ts';
import { metadataPolicy } from '../providers/tokens/machine-token.ts';
import { createTokens, type Tokens } from '../providers/tokens/tokens.ts';
import { createTransport, type Transport } from '../upstream/transport.ts';

/** One line a minute for each credential. */
const FAILURE_EVERY_MS = 60_000;

export interface OpenTokens {
  readonly tokens: Tokens;
  /** Logs that the token or the keys of a credential could not be fetched. */
  readonly onFailure: (credential: CredentialConfig, reason: string) => void;
  close(): void;
}

/**
 * Opens the tokens of clouds. Metadata services have a transport of their own, which is created only if one may be asked. `watched`
 * returns a transport that does the same, and tells its calls.
 */
export function tokensFor(
  transport: Transport,
  wheel: TimerWheel,
  ambientClouds: ReadonlySet<string>,
  log: Logger,
  watched: (transport: Transport) => Transport = (same) => same,
): OpenTokens {
  const now = nowAndThen(FAILURE_EVERY_MS, clock);
  const onFailure = ({ id, provider, kind }: CredentialConfig, reason: string) => {
    const heldBack = now(id);
    if (heldBack !== null)
      log.warn({ credential_id: id, provider, kind, reason, held_back: heldBack }, 'credentials: no token could be fetched');
  };
  let metadata: Transport | null = null;
  const metadataTransport = () => {
    metadata ??= createTransport({ policy: metadataPolicy(), wheel });
    return watched(metadata);
  };
  const after = (ms: number, callback: () => void) => {
    const timer = wheel.add(ms, callback);
    return () => wheel.cancel(timer);
  };
  const tokens = createTokens({ transport: watched(transport), metadataTransport, ambientClouds, clock, after, onFailure });
  return { tokens, onFailure, close: () => metadata?.close() };
}
