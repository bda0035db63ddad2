import { PATHS } from '../../paths.ts';
import { words } from './words.ts';

/** The advice about a failed request, by the code of its last attempt, or by its own code if no provider was called. */
export interface Advice {
  readonly text: string;
  /** The place where it is done. Absent if only the caller can do it. */
  readonly at?: 'credential' | 'timeout' | 'routing' | 'deployment' | 'models';
}

const CREDENTIAL: Advice = {
  text: words.credentialAdvice,
  at: 'credential',
};
const SERVER: Advice = {
  text: words.addressAdvice,
  at: 'credential',
};
const AGAIN: Advice = {
  text: words.unavailableAdvice,
  at: 'routing',
};
const RATE: Advice = {
  text: words.rateAdvice,
  at: 'routing',
};
const SLOW: Advice = {
  text: words.timeoutAdvice,
  at: 'timeout',
};

const TOO_LONG: Advice = { text: words.contextAdvice };

const BY_CODE: Readonly<Record<string, Advice>> = {
  rate_limited: RATE,
  provider_rate_limited: RATE,
  quota: {
    text: words.quotaAdvice,
    at: 'credential',
  },
  credential: CREDENTIAL,
  unavailable: AGAIN,
  not_connected: AGAIN,
  reset: AGAIN,
  incomplete: AGAIN,
  error_in_stream: AGAIN,
  timeout: SLOW,
  provider_timeout: SLOW,
  caller: { text: words.callerAdvice },
  context_length: TOO_LONG,
  context_length_exceeded: TOO_LONG,
  refused_address: {
    text: words.refusedAddressAdvice,
    at: 'credential',
  },
  unreadable: SERVER,
  protocol: SERVER,
  no_healthy_deployment: {
    text: words.noHealthyAdvice,
    at: 'models',
  },
  provider_error: { text: words.lastErrorAdvice, at: 'deployment' },
};

/** Returns the advice for the first of these codes that has one. */
export function adviceFor(codes: readonly (string | null | undefined)[]): Advice | null {
  for (const code of codes) {
    const found = code == null ? undefined : BY_CODE[code];
    if (found !== undefined) return found;
  }
  return null;
}

/** The facts of a deployment that decide where an advice leads. */
interface Place {
  readonly id: string | null;
  readonly credentialId: string | null;
  readonly model: string | null;
}

interface Destination {
  readonly label: string;
  readonly to: string;
  readonly search: Readonly<Record<string, string>>;
}

/** Returns the page on which people who manage the catalogue follow the advice. Null if there is none. */
export function destinationOf({ at }: Advice, { id, credentialId, model }: Place): Destination | null {
  if (at === undefined) return null;
  if (at === 'models' || id === null)
    return { label: words.openTheModelsDeployments, to: PATHS.models, search: model === null ? {} : { model } };
  const to = PATHS.deployment.replace('$deploymentId', id);
  switch (at) {
    case 'credential':
      if (credentialId === null) return { label: words.openTheDeployment, to, search: {} };
      return { label: words.openTheCredential, to: PATHS.credentials, search: { search: credentialId } };
    case 'timeout':
      return { label: words.raiseTheTimeout, to, search: { edit: 'timeout_ms' } };
    case 'routing':
      return { label: words.openRoutingAndFallbacks, to, search: {} };
    case 'deployment':
      return { label: words.openTheDeployment, to, search: {} };
  }
}
