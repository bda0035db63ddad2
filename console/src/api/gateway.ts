import { api, asked, type Schema } from './client.ts';

export type Provider = 'openai' | 'anthropic' | 'fake';
export type Prices = Readonly<Partial<Record<keyof Schema<'PriceByBucket'>, string>>>;

/** What a live call found. `message` says why it failed, in the provider's words without secrets. */
export interface CheckResult {
  readonly ok: boolean;
  readonly latency_ms: number;
  readonly message: string | null;
  readonly models?: readonly string[] | null;
  readonly sample?: string | null;
}

export interface CredentialToCheck {
  readonly provider: 'openai' | 'anthropic';
  /** Absent: the stored key of `credential_id`. */
  readonly api_key?: string;
  readonly base_url: string | null;
  readonly credential_id?: string;
}

/** A live call with a credential that need not be stored. */
export function checkCredential(body: CredentialToCheck): Promise<CheckResult> {
  return asked(api.POST('/credentials/check', { body }));
}

export interface PolicyBody {
  readonly strategy: 'weighted' | 'priority';
  readonly members: readonly { readonly deployment_id: string; readonly weight: number; readonly priority: number }[];
}

export interface PublishedPolicy {
  readonly version: number;
  readonly published_at: string;
  readonly published_by: string | null;
  readonly policy: PolicyBody;
}

export interface PolicyHistory {
  readonly published: PublishedPolicy | null;
  readonly history: readonly PublishedPolicy[];
}

export interface Simulation {
  readonly shares: readonly { readonly deployment_id: string; readonly share: number; readonly first_choice: number }[];
}

export function policyOf(id: string): Promise<PolicyHistory> {
  return unlisted('GET', `/route-groups/${encodeURIComponent(id)}/policy`);
}

export function simulatePolicy(id: string, body: PolicyBody & { readonly requests: number }): Promise<Simulation> {
  return unlisted('POST', `/route-groups/${encodeURIComponent(id)}/policy/simulate`, body);
}

export function publishPolicy(id: string, policy: PolicyBody): Promise<unknown> {
  return unlisted('POST', `/route-groups/${encodeURIComponent(id)}/policy/publish`, { policy });
}

export function rollBackPolicy(id: string, version: number): Promise<unknown> {
  return unlisted('POST', `/route-groups/${encodeURIComponent(id)}/policy/rollback`, { version });
}

type AnyCall = (path: string, init?: object) => Promise<{ data?: unknown; error?: unknown; response: Response }>;

function unlisted<T>(method: 'GET' | 'POST', path: string, body?: unknown): Promise<T> {
  const call = api[method] as unknown as AnyCall;
  return asked(call(path, body === undefined ? {} : { body })) as Promise<T>;
}
