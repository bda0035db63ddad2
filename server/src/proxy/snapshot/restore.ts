import type { Counters } from '../../counters/counters.ts';
import { type LimitPlan, planLimits } from '../../domain/limits/limit-plan.ts';
import type { Catalogue } from '../../domain/routing/catalogue.ts';
import type { KeyConfig, OrganizationConfig } from '../../domain/tenancy/tenancy.ts';
import { isStoreUnavailable } from '../../store/errors.ts';
import type { RecentUse } from '../../store/usage/usage.ts';
import { unlimitedTeam } from '../entitlement.ts';

export interface RestoreSources {
  readonly catalogue: Catalogue;
  readonly counters: Counters;
  readonly loadOrganizations: (organizationIds: readonly string[]) => Promise<ReadonlyMap<string, OrganizationConfig>>;
  readonly findKeys: (keys: readonly KeyAddress[]) => Promise<readonly KeyConfig[]>;
}

interface KeyAddress {
  readonly organizationId: string;
  readonly keyId: string;
}

/** The result of a restore. Unreadable rows and configuration are skipped and counted, and never prevent a start. */
export interface Restored {
  readonly keys: number;
  /** The numbers of unreadable organizations and keys, plans that cannot be computed, and rows that cannot be counted. */
  readonly skipped: Readonly<Record<'organizations' | 'keys' | 'plans' | 'rows', number>>;
  /** The first five of them, for the log: ids, and what was wrong. */
  readonly examples: readonly string[];
}

const NO_GROUPS: ReadonlySet<string> = new Set();
const EXAMPLES_MAX = 5;

/**
 * Restores the counts of the last hour before the first request is admitted, so that a restart does not reset minute and hour
 * limits. Days, periods and rolling budgets are read from the ledger when first needed. Rejects only if the store or the counters
 * are unreachable.
 */
export async function restoreRecent(uses: readonly RecentUse[], sources: RestoreSources, nowMs: number): Promise<Restored> {
  const restore = new Restore(sources, nowMs);
  const byOrganization = Map.groupBy(uses, ({ organizationId }) => organizationId);
  for (const ids of batches([...byOrganization.keys()], ORGANIZATIONS_AT_ONCE)) {
    await restore.ofOrganizations(
      ids,
      ids.flatMap((id) => byOrganization.get(id) ?? []),
    );
  }
  return restore.report();
}

const ORGANIZATIONS_AT_ONCE = 500;
const KEYS_AT_ONCE = 2_000;

function* batches<T>(all: readonly T[], size: number): Generator<readonly T[]> {
  for (let at = 0; at < all.length; at += size) yield all.slice(at, at + size);
}

class Restore {
  readonly #sources: RestoreSources;
  readonly #nowMs: number;
  readonly #skipped = { organizations: 0, keys: 0, plans: 0, rows: 0 };
  readonly #examples: string[] = [];
  #keys = 0;

  constructor(sources: RestoreSources, nowMs: number) {
    this.#sources = sources;
    this.#nowMs = nowMs;
  }

  report(): Restored {
    return { keys: this.#keys, skipped: this.#skipped, examples: this.#examples };
  }

  async ofOrganizations(ids: readonly string[], uses: readonly RecentUse[]): Promise<void> {
    const loaded = await this.#readable('organizations', ids, (some) => this.#sources.loadOrganizations(some), String);
    const organizations = new Map(loaded.flatMap((some) => [...some]));
    const byKey = Map.groupBy(uses, ({ keyId }) => keyId);
    const addresses = [...byKey.values()].map(([first]) => first as RecentUse);
    for (const some of batches(addresses, KEYS_AT_ONCE)) {
      for (const key of (await this.#readable('keys', some, this.#sources.findKeys, ({ keyId }) => keyId)).flat()) {
        const organization = organizations.get(key.organizationId);
        if (organization === undefined) continue;
        await this.#ofKey(byKey.get(key.id) ?? [], key, organization);
        this.#keys += 1;
      }
    }
  }

  async #ofKey(uses: readonly RecentUse[], key: KeyConfig, organization: OrganizationConfig): Promise<void> {
    const plans = new Map<string, LimitPlan | null>();
    for (const use of uses) {
      const planKey = `${use.teamId} ${use.memberId} ${use.calledName}`;
      let plan = plans.get(planKey);
      if (plan === undefined) {
        plan = this.#planOf(use, key, organization);
        plans.set(planKey, plan);
      }
      if (plan !== null) await this.#count(plan, use);
    }
  }

  #planOf({ teamId, memberId, calledName }: RecentUse, key: KeyConfig, organization: OrganizationConfig): LimitPlan | null {
    const groups = this.#sources.catalogue.targets.get(calledName)?.accessGroups ?? NO_GROUPS;
    const team = organization.teams.get(teamId) ?? unlimitedTeam(teamId);
    const member = memberId === null ? null : (organization.members.get(memberId) ?? null);
    try {
      return planLimits({ key, organization, team, member }, calledName, groups, this.#nowMs);
    } catch (error) {
      this.#skip('plans', `${organization.id} ${key.id}: ${messageOf(error)}`);
      return null;
    }
  }

  async #count(plan: LimitPlan, { keyId, atMs, requests, tokens }: RecentUse): Promise<void> {
    if (!isCountable(requests) || !isCountable(tokens) || !isCountable(atMs)) {
      this.#skip('rows', `${keyId}: ${requests} requests and ${tokens} tokens at ${atMs}`);
      return;
    }
    await this.#sources.counters.restore(plan, { atMs, amount: requests, unit: 'requests' });
    await this.#sources.counters.restore(plan, { atMs, amount: tokens, unit: 'tokens' });
  }

  /** Loads many at once. If that fails, halves the batch, so that one unreadable item excludes no other. */
  async #readable<Name, Loaded>(
    what: 'organizations' | 'keys',
    names: readonly Name[],
    load: (names: readonly Name[]) => Promise<Loaded>,
    idOf: (name: Name) => string,
  ): Promise<Loaded[]> {
    try {
      return [await load(names)];
    } catch (error) {
      if (isStoreUnavailable(error)) throw error;
      if (names.length === 1) {
        this.#skip(what, `${idOf(names[0] as Name)}: ${messageOf(error)}`);
        return [];
      }
      const middle = names.length >> 1;
      const first = await this.#readable(what, names.slice(0, middle), load, idOf);
      return [...first, ...(await this.#readable(what, names.slice(middle), load, idOf))];
    }
  }

  #skip(what: keyof Restored['skipped'], example: string): void {
    this.#skipped[what] += 1;
    if (this.#examples.length < EXAMPLES_MAX) this.#examples.push(`${what}: ${example}`);
  }
}

function isCountable(amount: number): boolean {
  return amount >= 0 && Number.isSafeInteger(amount);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
