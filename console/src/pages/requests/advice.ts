import { PATHS } from '../../paths.ts';

/** The advice about a failed request, by the code of its last attempt, or by its own code if no provider was called. */
export interface Advice {
  readonly text: string;
  /** The place where it is done. Absent if only the caller can do it. */
  readonly at?: 'credential' | 'timeout' | 'routing' | 'deployment' | 'models';
}

const CREDENTIAL: Advice = {
  text: 'The provider does not accept the credential of this deployment. Replace its key, or correct its address.',
  at: 'credential',
};
const SERVER: Advice = {
  text: 'Check that the address of the credential belongs to a server of this kind of provider.',
  at: 'credential',
};
const AGAIN: Advice = {
  text: 'Send the request again later. A second deployment of the model, or a fallback, answers while this provider cannot.',
  at: 'routing',
};
const RATE: Advice = {
  text: 'Wait, or spread the requests: add a deployment with another credential, a fallback, or a capacity limit that the provider allows.',
  at: 'routing',
};
const SLOW: Advice = {
  text: 'Raise the deployment’s timeout, ask for less output, or use a faster model.',
  at: 'timeout',
};

const TOO_LONG: Advice = { text: 'Send less input, lower the maximum output, or call a model with a longer context.' };

const BY_CODE: Readonly<Record<string, Advice>> = {
  rate_limited: RATE,
  provider_rate_limited: RATE,
  quota: {
    text: 'Raise the quota or the balance of the account at the provider, or use the credential of another account.',
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
  caller: { text: 'Correct the request. The provider’s words say what is wrong with it.' },
  context_length: TOO_LONG,
  context_length_exceeded: TOO_LONG,
  refused_address: {
    text: 'Correct the address of the credential, or allow it with the setting HEADGATE_ALLOWED_UPSTREAMS.',
    at: 'credential',
  },
  unreadable: SERVER,
  protocol: SERVER,
  no_healthy_deployment: {
    text: 'Every deployment of the model failed recently and is paused. Look at their last errors.',
    at: 'models',
  },
  provider_error: { text: 'Look at the deployment’s last error, and test it.', at: 'deployment' },
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
    return { label: 'Open the model’s deployments', to: PATHS.models, search: model === null ? {} : { model } };
  const to = PATHS.deployment.replace('$deploymentId', id);
  switch (at) {
    case 'credential':
      if (credentialId === null) return { label: 'Open the deployment', to, search: {} };
      return { label: 'Open the credential', to: PATHS.credentials, search: { search: credentialId } };
    case 'timeout':
      return { label: 'Raise the timeout', to, search: { edit: 'timeout_ms' } };
    case 'routing':
      return { label: 'Open routing and fallbacks', to, search: {} };
    case 'deployment':
      return { label: 'Open the deployment', to, search: {} };
  }
}
