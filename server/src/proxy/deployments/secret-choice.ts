/**
 * The choice between the two secrets of a credential while a rotation overlaps.
 *
 * The newer one is presented. If the provider refuses it, the same call is made with the other one, and if that works, it is the one
 * to present until it is refused in turn, or its time is over. A call tries each secret once at most. Nothing here waits, and a
 * credential with one secret costs one comparison.
 */
import type { DeploymentConfig } from '../../domain/routing/catalogue.ts';
import type { OtherSecret } from '../../domain/routing/credential.ts';
import type { Clock } from '../../lib/timing/clock.ts';

export interface SecretChoice {
  /** Returns the deployment with the secret to present: itself, or a copy with the other secret. */
  chosen(deployment: DeploymentConfig): DeploymentConfig;
  /** Returns the same deployment with its other secret, after the provider refused `presented`. Null: there is none to try. */
  otherThan(deployment: DeploymentConfig, presented: DeploymentConfig): DeploymentConfig | null;
  /** Notes that the provider took the secret of `presented` right after it refused the other one. */
  worked(deployment: DeploymentConfig, presented: DeploymentConfig): void;
}

/** Called when the other of two secrets is presented from now on, at most once a minute for each credential. */
export type OnSwitch = (credentialId: string, secret: 'newer' | 'older') => void;

const TOLD_EVERY_MS = 60_000;

interface Known {
  /** The name of the older secret, if that is the one to present. */
  older: string | null;
  toldMs: number;
}

export function createSecretChoice(clock: Pick<Clock, 'nowMs' | 'monotonicMs'>, onSwitch: OnSwitch): SecretChoice {
  const byCredential = new Map<string, Known>();
  // A deployment is frozen and replaced as a whole at any change, so its identity is the key, here and in the providers.
  const copies = new WeakMap<DeploymentConfig, DeploymentConfig>();

  function withOlder(deployment: DeploymentConfig, { credential }: OtherSecret): DeploymentConfig {
    const known = copies.get(deployment);
    if (known !== undefined) return known;
    const copy = Object.freeze({ ...deployment, credential });
    copies.set(deployment, copy);
    return copy;
  }

  return {
    chosen(deployment) {
      const other = deployment.credential?.other;
      if (other === undefined || other === null) return deployment;
      const older = byCredential.get(other.credential.id)?.older ?? null;
      const isOlder = older !== null && older === other.credential.secretId && clock.nowMs() < other.untilMs;
      return isOlder ? withOlder(deployment, other) : deployment;
    },
    otherThan(deployment, presented) {
      const other = deployment.credential?.other;
      if (other === undefined || other === null) return null;
      if (presented !== deployment) return deployment;
      return clock.nowMs() < other.untilMs ? withOlder(deployment, other) : null;
    },
    worked(deployment, presented) {
      const other = deployment.credential?.other;
      if (other === undefined || other === null) return;
      const { id, secretId = null } = other.credential;
      const older = presented === deployment ? null : secretId;
      const known = byCredential.get(id) ?? { older: null, toldMs: Number.NEGATIVE_INFINITY };
      // Many calls that were refused together learn the same.
      if (known.older === older) return;
      known.older = older;
      byCredential.set(id, known);
      const nowMs = clock.monotonicMs();
      if (nowMs - known.toldMs < TOLD_EVERY_MS) return;
      known.toldMs = nowMs;
      onSwitch(id, older === null ? 'newer' : 'older');
    },
  };
}
