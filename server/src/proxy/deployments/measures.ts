import type { CallableTarget, Catalogue, DeploymentConfig } from '../../domain/routing/catalogue.ts';
import { HalfLifeMean } from '../../domain/routing/half-life-mean.ts';
import { isMeasured } from '../../domain/routing/strategies.ts';
import type { Clock } from '../../lib/timing/clock.ts';
import type { UpstreamHeaders } from '../../upstream/call.ts';
import { readVendorLimits, type VendorLimit } from './vendor-limits.ts';

/**
 * The measurements of this process that strategies compare: requests in flight, times to the first output, and the vendors' own
 * limits. Only deployments of a target whose strategy needs them are measured, so that all others cost nothing.
 */
export interface DeploymentMeasures {
  /** Counts a request that is sent to the deployment. `left` takes it back, exactly once. */
  sent(deployment: DeploymentConfig): void;
  left(deployment: DeploymentConfig): void;
  /** Adds the time to the first output of an answer. A whole answer is its own first output, so the two are kept apart. */
  answered(deployment: DeploymentConfig, kind: AnswerKind, tookMs: number): void;
  /** Reads the vendor's limits from the headers of any answer. */
  told(deployment: DeploymentConfig, headers: UpstreamHeaders): void;
  inFlight(deployment: DeploymentConfig): number;
  /** Returns null if nothing was measured in the last two minutes. */
  firstOutputMs(deployment: DeploymentConfig, kind: AnswerKind): number | null;
  /** Returns the least share that is left, from 0 to 1; null if the vendor named no limit that is not reset by now. */
  shareLeft(deployment: DeploymentConfig): number | null;
}

export type AnswerKind = 'stream' | 'whole';

interface Measured {
  inFlight: number;
  readonly stream: HalfLifeMean;
  readonly whole: HalfLifeMean;
}

const HALF_LIFE_MS = 30_000;
/** The age at which a measurement is forgotten, so that a deployment that was slow is tried again. */
const FORGOTTEN_MS = 120_000;
/** Deployments that are gone are forgotten with all others at this number. */
const KNOWN_MAX = 10_000;

export function createDeploymentMeasures(clock: Clock): DeploymentMeasures {
  const known = new Map<string, Measured>();
  const limits = new Map<string, Map<string, readonly VendorLimit[]>>();

  function measuredOf({ id }: DeploymentConfig): Measured {
    const found = known.get(id);
    if (found !== undefined) return found;
    const made = { inFlight: 0, stream: new HalfLifeMean(HALF_LIFE_MS), whole: new HalfLifeMean(HALF_LIFE_MS) };
    if (known.size >= KNOWN_MAX) for (const [gone, { inFlight }] of known) if (inFlight === 0) known.delete(gone);
    known.set(id, made);
    return made;
  }

  return {
    sent(deployment) {
      measuredOf(deployment).inFlight += 1;
    },
    left(deployment) {
      const measured = measuredOf(deployment);
      measured.inFlight = Math.max(0, measured.inFlight - 1);
    },
    answered(deployment, kind, tookMs) {
      measuredOf(deployment)[kind].add(tookMs, clock.monotonicMs());
    },
    told({ credential, upstreamModel }, headers) {
      const told = readVendorLimits(headers, clock.nowMs(), clock.monotonicMs(), credential?.preset?.limits);
      if (told.length === 0) return;
      const name = credential?.id ?? '';
      const models = limits.get(name);
      if (models === undefined) {
        if (limits.size >= KNOWN_MAX) limits.clear();
        limits.set(name, new Map([[upstreamModel, told]]));
      } else {
        if (models.size >= KNOWN_MAX) models.clear();
        models.set(upstreamModel, told);
      }
    },
    inFlight: ({ id }) => known.get(id)?.inFlight ?? 0,
    firstOutputMs: ({ id }, kind) => known.get(id)?.[kind].at(clock.monotonicMs(), FORGOTTEN_MS) ?? null,
    shareLeft({ credential, upstreamModel }) {
      const nowMs = clock.monotonicMs();
      let least: number | null = null;
      for (const { shareLeft, untilMs } of limits.get(credential?.id ?? '')?.get(upstreamModel) ?? [])
        if (nowMs < untilMs) least = Math.min(least ?? 1, shareLeft);
      return least;
    },
  };
}

/** Returns the deployments that some target compares by measurements. Worked out once for each catalogue. */
export function measuredIn(catalogue: Pick<Catalogue, 'targets'>): ReadonlySet<DeploymentConfig> {
  const known = MEASURED.get(catalogue);
  if (known !== undefined) return known;
  const measured = new Set<DeploymentConfig>();
  for (const target of catalogue.targets.values()) for (const one of membersMeasured(target)) measured.add(one.deployment);
  MEASURED.set(catalogue, measured);
  return measured;
}

const MEASURED = new WeakMap<Pick<Catalogue, 'targets'>, ReadonlySet<DeploymentConfig>>();
const NOBODY: CallableTarget['members'] = [];

function membersMeasured({ strategy, members }: CallableTarget): CallableTarget['members'] {
  return isMeasured(strategy) ? members : NOBODY;
}
