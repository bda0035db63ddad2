import type { CredentialConfig } from '../../domain/routing/credential.ts';
import type { UpstreamModels } from '../provider.ts';
import type { RecordedCall } from './recorder.ts';

/** Says in a sentence or two what a test of a credential shows, and what to do. */

const SKEW_MS_MAX = 4 * 60_000;

interface Tested {
  readonly credential: CredentialConfig;
  readonly calls: readonly RecordedCall[];
  readonly answer: UpstreamModels;
  /** The time at which the test ended. */
  readonly nowMs: number;
  /** True if the test was ended because it took too long. */
  readonly isOutOfTime: boolean;
}

export function meaningOf(tested: Tested): string {
  const { answer } = tested;
  if (answer.ok) return accepted(answer.models.length);
  if (answer.isUnasked === true)
    return 'This vendor has no list of models to ask for, so its key cannot be tried without cost. Test a deployment that uses the credential instead.';
  const skew = skewOf(tested);
  return skew === null ? reasonOf(tested) : `${reasonOf(tested)} ${skew}`;
}

function accepted(models: number): string {
  return `The vendor accepts this credential, and lists ${models === 1 ? '1 model' : `${models} models`}.`;
}

function reasonOf({ credential, calls, answer, isOutOfTime }: Tested): string {
  const last = calls.at(-1);
  if (last === undefined) return `Nothing was sent: ${answer.ok ? '' : answer.message}.`;
  const who = last.purpose === 'token' ? 'The server that issues tokens' : 'The vendor';
  const where = new URL(last.request.origin).host;
  switch (last.failure?.kind) {
    case 'refused_address':
      return `The address policy refuses the address of ${where}, so nothing was sent. ${credential.organizationId == null ? 'HEADGATE_ALLOWED_UPSTREAMS' : 'HEADGATE_ALLOWED_OWN_UPSTREAMS'} lists the addresses that are allowed beside public ones.`;
    case 'not_connected':
      return `${where} cannot be reached${codeIn(last.failure.message)}. Check the base URL, the name server and the firewall.`;
    case 'reset':
      return `${where} closed the connection before its answer was complete. A proxy or a firewall in between may do that.`;
    case 'protocol':
      return `${where} did not answer as an HTTP server of this kind does. Check the base URL.`;
  }
  if (isOutOfTime || last.failure?.kind === 'timeout' || last.status === null)
    return `${who} (${where}) did not answer in time. Check the network, and try again.`;
  return last.purpose === 'token' ? tokenReason(last.status, credential) : callReason(last.status, where);
}

/** Returns the code at the end of a message, in parentheses: ` (ENOTFOUND)`. Empty if there is none. */
function codeIn(message: string): string {
  return / \([A-Z0-9_]+\)$/.exec(message)?.[0] ?? '';
}

function tokenReason(status: number, { kind }: CredentialConfig): string {
  if (status < 300) return 'The server that issues tokens answered without a token that can be used.';
  if (status >= 500 || status === 429) return `The server that issues tokens is failing (${status}). Try again later.`;
  switch (kind) {
    case 'azure_entra':
      return 'Microsoft Entra issues no token for this tenant, client and secret. One of them is wrong, or the secret has ended.';
    case 'gcp_service_account':
      return 'Google issues no token for this service account. Its key was deleted, or the account is disabled.';
    case 'aws_static':
      return 'AWS does not let these keys take this role. The keys are wrong, or the role does not trust them.';
    default:
      return 'The machine that the gateway runs on has no identity that could be used, or it may not use it.';
  }
}

function callReason(status: number, where: string): string {
  if (status === 401) return 'The vendor does not know this key. It is wrong, was revoked, or has ended.';
  if (status === 403)
    return 'The vendor does not let this credential list models. It is wrong, or it lacks a permission, a project or a region.';
  if (status === 404) return `There is no list of models at this address of ${where}. Check the base URL and the settings.`;
  if (status === 429) return 'The vendor refuses calls for now, because there were too many or the account has no credit left.';
  if (status >= 500) return `The vendor is failing (${status}). This says nothing about the credential. Try again later.`;
  if (status >= 300 && status < 400)
    return `${where} sends calls to another address, which the gateway does not follow. Check the base URL.`;
  return status < 300
    ? 'The vendor answered, but not with a list of models. Check the base URL.'
    : `The vendor refused the call (${status}). Its answer below says why.`;
}

/** Returns a sentence about the clock, if an answer that refused shows that it is wrong: signatures and tokens have a time. */
function skewOf({ calls, nowMs }: Tested): string | null {
  const last = calls.at(-1);
  if (last === undefined || ![400, 401, 403].includes(last.status ?? 0)) return null;
  const { date } = last.headers;
  const theirMs = typeof date === 'string' ? Date.parse(date) : Number.NaN;
  const skewMs = nowMs - theirMs;
  if (Number.isNaN(skewMs) || Math.abs(skewMs) <= SKEW_MS_MAX) return null;
  const minutes = Math.round(Math.abs(skewMs) / 60_000);
  return `The clock of this machine is ${minutes} minutes ${skewMs > 0 ? 'ahead of' : 'behind'} the vendor’s, which alone can be the reason. Correct it first.`;
}
