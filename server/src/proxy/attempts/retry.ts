import type { Gateway } from '../gateway.ts';
import type { Admission } from '../walk.ts';
import type { Failed } from './failed.ts';

/** The time since the admission within which a deployment is tried again. The next candidate is tried at any time. */
const RETRY_MS_MAX = 15_000;
/** The longest pause before the first retry; it doubles with each. */
const BACKOFF_MS = 300;
const SAME_DEPLOYMENT_TRIES = 3;

/**
 * Returns the pause before the deployment is tried again, in milliseconds. Null: it is not, and the next candidate is tried. Only
 * the only candidate is tried again, at most three times. It waits as long as the provider said, and a random part of the backoff.
 */
export function pauseBeforeRetry(
  tried: Failed,
  tries: number,
  candidates: number,
  admission: Admission,
  gateway: Gateway,
): number | null {
  if (candidates !== 1 || tries >= SAME_DEPLOYMENT_TRIES) return null;
  if (admission.attempts >= gateway.settings.attemptsMax) return null;
  if (!tried.passing && tried.waitMs === null) return null;
  const ms = (tried.waitMs ?? 0) + BACKOFF_MS * 2 ** (tries - 1) * gateway.random();
  const spentMs = gateway.clock.monotonicMs() - admission.admittedMonotonicMs;
  return spentMs + ms <= RETRY_MS_MAX ? ms : null;
}
