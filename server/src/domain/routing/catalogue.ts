import type { Price } from '../money/price.ts';
import type { Preset } from '../presets/preset.ts';
import type { Canary } from './canary.ts';
import type { CredentialConfig } from './credential.ts';
import type { Mirror } from './mirror.ts';
import type { DeploymentMode } from './modes.ts';
import type { ProviderName } from './provider-name.ts';

export { DEPLOYMENT_MODES, type DeploymentMode } from './modes.ts';
export type { ProviderName } from './provider-name.ts';

/** The ways to order the deployments of a name. strategies.ts has the rule of each. */
export const ROUTING_STRATEGIES = ['weighted', 'priority', 'least_busy', 'latency', 'cheapest', 'usage', 'headroom'] as const;
export type RoutingStrategy = (typeof ROUTING_STRATEGIES)[number];

/** The longest time for which the exact cache may give an answer again. */
export const CACHE_SECONDS_MAX = 86_400;

/** One upstream model with its credential, price, capacity and tags. Secrets stay with the credential, in memory only. */
export interface DeploymentConfig {
  readonly id: string;
  /** The organization that brought the deployment. Null or absent: the platform. */
  readonly organizationId?: string | null;
  readonly model: string;
  readonly provider: ProviderName;
  readonly upstreamModel: string;
  readonly mode: DeploymentMode;
  readonly credential: CredentialConfig | null;
  /** Newest first. The first whose `effectiveFromMs` is not in the future applies. Empty: unpriced. */
  readonly prices: readonly Price[];
  /** Advisory capacity: steers routing, never refuses. */
  readonly limits: { readonly rpm: number | null; readonly tpm: number | null };
  readonly weight: number;
  /** Lower goes first. */
  readonly priority: number;
  readonly tags: readonly string[];
  readonly maxOutputTokens: number | null;
  /** The most tokens of a request and its answer together; null: undeclared. */
  readonly contextWindow?: number | null;
  /** The most web searches one request can make; null: undeclared. */
  readonly searchesMax?: number | null;
  /** The most input tokens that one image, audio or file part can be, or what one search brings; null: undeclared. */
  readonly partTokensMax?: number | null;
  /** The handling of an upstream call whose client hung up; null: the gateway's default. */
  readonly onHangup?: 'finish' | 'stop' | null;
  /** The field of the output cap in chat requests that the gateway writes; null: `max_completion_tokens`. */
  readonly outputCapField?: 'max_tokens' | 'max_completion_tokens' | null;
  readonly timeoutMs: number;
  readonly enabled: boolean;
}

/** A name callers may ask for: a model (all deployments sharing the name) or a route group. */
export interface CallableTarget {
  readonly name: string;
  readonly kind: 'model' | 'route_group';
  readonly mode: DeploymentMode;
  readonly strategy: RoutingStrategy;
  /** True if requests of one session go to one deployment while it is healthy. */
  readonly sticky?: boolean;
  /** The oldest answer that the exact cache may give, in seconds; absent or null: its answers are not kept. */
  readonly cacheSeconds?: number | null;
  readonly members: readonly { readonly deployment: DeploymentConfig; readonly weight: number; readonly priority: number }[];
  readonly fallbacks: readonly string[];
  /** The targets for requests that are too long for this one, in order. */
  readonly contextFallbacks?: readonly string[];
  /** The targets for requests that were refused by a content policy, in order. */
  readonly policyFallbacks?: readonly string[];
  readonly canary?: Canary | null;
  /** The share of requests of which copies go elsewhere. */
  readonly mirror?: Mirror | null;
  /** The access-group labels, which authorize. (Tags on deployments never do.) */
  readonly accessGroups: ReadonlySet<string>;
}

/** Everything callable, frozen and versioned; replaced whole on a change. */
export interface Catalogue {
  readonly version: number;
  readonly targets: ReadonlyMap<string, CallableTarget>;
  readonly accessGroups: ReadonlyMap<string, ReadonlySet<string>>;
  /** The vendors that are described by data, by their ids. Absent: none. */
  readonly presets?: ReadonlyMap<string, Preset>;
}

/** Returns the access groups whose members have changed. */
export function groupsChanged({ accessGroups: before }: Catalogue, { accessGroups: after }: Catalogue): ReadonlySet<string> {
  const changed = new Set<string>();
  for (const key of new Set([...before.keys(), ...after.keys()])) {
    const [were, are] = [before.get(key) ?? NO_MEMBERS, after.get(key) ?? NO_MEMBERS];
    if (were.size !== are.size || were.difference(are).size > 0) changed.add(key);
  }
  return changed;
}

const NO_MEMBERS: ReadonlySet<string> = new Set();
