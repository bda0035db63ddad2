import { DETOURS, type Detour } from '../../domain/routing/detours.ts';
import type { ProviderError } from '../../providers/provider.ts';
import type { UpstreamFailure } from '../../upstream/call.ts';
import { Refusal } from '../refusal.ts';

/** An attempt that did not become the answer: the reason, and whether to try again. */
export class Failed {
  readonly refusal: Refusal;
  /** True if the request itself is at fault: no other candidate would answer differently. */
  readonly final: boolean;
  /** True if the same deployment may succeed on a retry. */
  readonly passing: boolean;
  /** True if the same deployment may succeed without the reasoning of earlier answers, which is sealed for another account. */
  readonly sealed: boolean;
  /** The targets beside the chain that may serve instead; null: none. */
  readonly detour: Detour | null;
  /** The wait after which the provider said to try again; null if it named none, or said not to. */
  readonly waitMs: number | null;
  constructor(refusal: Refusal, how: 'final' | 'sealed' | 'passing' | 'lasting' | Detour, waitMs: number | null = null) {
    this.refusal = refusal;
    this.waitMs = waitMs;
    this.detour = DETOURS.find((one) => one === how) ?? null;
    this.final = how === 'final' || how === 'sealed' || this.detour !== null;
    this.sealed = how === 'sealed';
    this.passing = how === 'passing';
  }
}

/** Returns the failure for an error that the provider answered. */
export function judgeError(error: ProviderError): Failed {
  const after =
    error.retryAfterMs === null
      ? ({ is: 'unsaid' } as const)
      : ({ is: 'after', ms: error.retryAfterMs, hammerProof: false } as const);
  const waitMs = error.retryable ? error.retryAfterMs : null;
  switch (error.kind) {
    case 'caller':
      return new Failed(callersFault(error), error.isSealed === true ? 'sealed' : 'final');
    case 'refused':
      return new Failed(callersFault(error), 'policy');
    case 'context_length':
      return new Failed(new Refusal('context_length_exceeded', error.message, { param: error.param }), 'context');
    case 'rate_limited':
      return new Failed(
        new Refusal(
          'provider_rate_limited',
          `The provider's rate limit was reached. Try again later. The provider said: ${error.message}`,
          { retry: after },
        ),
        'lasting',
        waitMs,
      );
    case 'quota':
      return new Failed(
        new Refusal(
          'no_healthy_deployment',
          "The gateway's account at the provider has no quota left for this model. Ask the gateway's operator to raise it.",
        ),
        'lasting',
      );
    case 'credential':
      return new Failed(
        new Refusal('provider_error', "The provider refused the gateway's credential. Ask the gateway's operator to replace it."),
        'lasting',
      );
    case 'unavailable':
      return new Failed(
        new Refusal('provider_error', `The provider answered with status ${error.status}: ${error.message}`, { retry: after }),
        error.retryable ? 'passing' : 'lasting',
        waitMs,
      );
  }
}

/** Returns the refusal for a request that the provider calls invalid. An unknown model is our fault, not the caller's. */
function callersFault(error: ProviderError): Refusal {
  if (error.status === 404)
    return new Refusal(
      'provider_error',
      `The provider does not have the model or path that the gateway asked for: ${error.message}`,
    );
  const code = error.status === 413 ? 'request_too_large' : 'invalid_request';
  return new Refusal(code, error.message, { param: error.param });
}

/** Returns the failure for an attempt without a usable answer. */
export function judgeFailure(failure: UpstreamFailure): Failed {
  switch (failure.kind) {
    case 'timeout':
      return new Failed(new Refusal('provider_timeout', `The provider did not answer in time: ${failure.message}`), 'lasting');
    case 'not_connected':
    case 'reset':
      return new Failed(new Refusal('provider_error', `The provider could not be reached: ${failure.message}`), 'passing');
    case 'refused_address':
    case 'protocol':
      return new Failed(
        new Refusal('provider_error', `The request could not be sent to the provider: ${failure.message}`),
        'lasting',
      );
  }
}
