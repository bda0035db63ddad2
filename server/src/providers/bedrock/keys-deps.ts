import type { CredentialConfig } from '../../domain/routing/credential.ts';
import type { Clock } from '../../lib/timing/clock.ts';
import type { Transport } from '../../upstream/transport.ts';

/** The parts with which keys are fetched. */
export interface KeysDeps {
  readonly transport: Transport;
  /** The transport for the token service. Absent: the same. */
  readonly keysTransport?: Transport;
  readonly clock: Clock;
  readonly after: (ms: number, callback: () => void) => () => void;
  /** True if credentials may use the keys of the machine. */
  readonly isAmbientAllowed: boolean;
  /** Called for each fetch of keys that fails, with a reason without secrets. */
  readonly onFailure?: (credential: CredentialConfig, reason: string) => void;
  /** The origin of the token service of a region; absent: that of AWS. For tests. */
  readonly tokenService?: (region: string) => string;
}
