import type { DeploymentConfig } from '../../domain/routing/catalogue.ts';
import type { UpstreamHeaders } from '../../upstream/call.ts';
import type { Outcome } from '../attempts/outcome.ts';
import type { Gateway } from '../gateway.ts';
import type { Admission } from '../walk.ts';
import type { Candidate } from './candidate.ts';

/** Counts a request as in flight at the deployment of its newest attempt, and no longer at the one before. */
export function noteBusy(admission: Admission, { deployment, isMeasured }: Candidate, gateway: Gateway): void {
  noteIdle(admission, gateway);
  if (!isMeasured) return;
  admission.busyAt = deployment;
  gateway.measures.sent(deployment);
}

/** Counts a request as in flight nowhere: it has ended. */
export function noteIdle(admission: Admission, { measures }: Gateway): void {
  const { busyAt } = admission;
  if (busyAt === null) return;
  admission.busyAt = null;
  measures.left(busyAt);
}

/** Measures an attempt whose first output, whole answer or error has arrived. */
export function measure(
  deployment: DeploymentConfig,
  outcome: Outcome,
  headers: UpstreamHeaders,
  tookMs: number,
  { measures }: Gateway,
): void {
  if (outcome.is === 'stream' || outcome.is === 'whole') measures.answered(deployment, outcome.is, tookMs);
  measures.told(deployment, headers);
}
