/** The use of the exact cache that a name and an organization allow together. */
import type { CallableTarget } from '../../domain/routing/catalogue.ts';
import type { CacheScope, Caller } from '../../domain/tenancy/tenancy.ts';
import type { CacheOutcome } from '../../observe/traffic.ts';

/** The part that a name's target and the caller's organization allow together. */
export interface Caching {
  /** The oldest answer that may be given, in seconds. */
  readonly secondsMax: number;
  /** The requests that get an answer again: those of one key, of one team, or of the organization. */
  readonly scope: readonly [scope: CacheScope, id: string, epoch: number];
  /** Everything about the target that an answer can depend on. */
  readonly version: string;
}

/** The outcome for one request of a name that is cached. */
export interface CacheUse {
  /** The name under which its answer is kept; null if it is not kept. */
  readonly name: string | null;
  readonly outcome: CacheOutcome;
}

/**
 * Returns what the target and the organization allow; null unless both turn the cache on. `reachable`: the target and its fallbacks,
 * each of which may answer.
 */
export function cachingOf(
  { key, organization, team }: Caller,
  target: CallableTarget | undefined,
  reachable: readonly CallableTarget[],
): Caching | null {
  const secondsMax = target?.cacheSeconds ?? null;
  const { answerCache } = organization;
  if (secondsMax === null || answerCache === undefined || answerCache === null) return null;
  const ids = { key: key.id, team: team.id, organization: organization.id };
  return {
    secondsMax,
    scope: [answerCache.scope, ids[answerCache.scope], answerCache.epoch],
    version: versionOf(reachable),
  };
}

function versionOf(reachable: readonly CallableTarget[]): string {
  return JSON.stringify(
    reachable.map(({ name, members }) => [
      name,
      members.map(({ deployment: { id, provider, upstreamModel, credential } }) => [
        ...[id, provider, upstreamModel, credential?.id, credential?.baseUrl],
      ]),
    ]),
  );
}
