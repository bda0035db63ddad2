/**
 * The health of credentials: providers accept them or refuse them. After three refusals in a row, every deployment of a credential cools down,
 * so that a dead key is tried once in a while and not once for each deployment. A success with any of them ends it.
 *
 * A 403 can also mean one model that an account may not call. So it counts for the others only after ten seconds in which the
 * credential served nothing, and only a probe's refusal renews the cooldown. Another secret of the same credential starts afresh.
 */
import type { CredentialConfig } from '../../domain/routing/credential.ts';
import type { Clock } from '../../lib/timing/clock.ts';

const REFUSALS_MAX = 3;
const COOL_MS_FIRST = 5_000;
const COOL_MS_MAX = 60_000;
const DOUBTFUL_MS = 10_000;
/** The longest wait for a probe's result. */
const PROBE_MS_MAX = 30_000;

interface State {
  readonly secretId: string | undefined;
  readonly sinceMs: number;
  refusals: number;
  coolMs: number;
  untilMs: number;
  probeUntilMs: number;
  /** The deployment that probes; null: none does. */
  probe: string | null;
  /** The deployments that were refused or passed over. */
  readonly deployments: Set<string>;
}

type Credential = Pick<CredentialConfig, 'id' | 'secretId'>;

export class CredentialHealth {
  readonly #clock: Clock;
  readonly #states = new Map<string, State>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  fitness(deploymentId: string, credential: Credential): 'fit' | 'cooling' | 'probe' {
    if (this.#states.size === 0) return 'fit';
    const state = this.#stateOf(credential);
    if (state === null || state.untilMs === 0) return 'fit';
    const nowMs = this.#clock.monotonicMs();
    if (nowMs >= state.untilMs && nowMs >= state.probeUntilMs) return 'probe';
    state.deployments.add(deploymentId);
    return 'cooling';
  }

  probing(deploymentId: string, credential: Credential): void {
    const state = this.#stateOf(credential);
    if (state === null || state.untilMs === 0) return;
    state.probe = deploymentId;
    state.probeUntilMs = this.#clock.monotonicMs() + PROBE_MS_MAX;
  }

  succeeded(credential: Credential): void {
    if (this.#states.size > 0) this.#states.delete(credential.id);
  }

  /** Records that a provider refused the credential. `status`: 401 is about the credential alone. */
  refused(deploymentId: string, credential: Credential, status: number): void {
    const nowMs = this.#clock.monotonicMs();
    const state = this.#stateOf(credential) ?? this.#begun(credential, nowMs);
    state.deployments.add(deploymentId);
    state.refusals += 1;
    const isProbe = state.probe === deploymentId;
    if (isProbe) [state.probe, state.probeUntilMs] = [null, 0];
    const isSure = status === 401;
    const isRenewed = state.untilMs > 0;
    if (state.refusals < REFUSALS_MAX || nowMs < state.untilMs) return;
    if (!isSure && (isRenewed ? !isProbe : nowMs - state.sinceMs < DOUBTFUL_MS)) return;
    state.coolMs = Math.min(COOL_MS_MAX, Math.max(COOL_MS_FIRST, state.coolMs * 2));
    state.untilMs = nowMs + state.coolMs;
  }

  /** Returns the deployments that are passed over because of their credential. */
  cooling(): readonly { readonly deploymentId: string; readonly untilMs: number }[] {
    const nowMs = this.#clock.monotonicMs();
    return [...this.#states.values()]
      .filter(({ untilMs }) => untilMs > nowMs)
      .flatMap(({ deployments, untilMs }) => [...deployments].map((deploymentId) => ({ deploymentId, untilMs })));
  }

  /** Returns the state of the present secret. */
  #stateOf({ id, secretId }: Credential): State | null {
    const state = this.#states.get(id);
    return state === undefined || state.secretId !== secretId ? null : state;
  }

  #begun({ id, secretId }: Credential, sinceMs: number): State {
    const state: State = {
      secretId,
      sinceMs,
      refusals: 0,
      coolMs: 0,
      untilMs: 0,
      probeUntilMs: 0,
      probe: null,
      deployments: new Set(),
    };
    this.#states.set(id, state);
    return state;
  }
}
