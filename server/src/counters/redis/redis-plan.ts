/** Plans and counters in the form that the scripts read: short names, indexes of keys, numbers for kinds. */
import { hash } from 'node:crypto';
import type { Labels } from '../../domain/limits/label-limit.ts';
import type { CounterSpec, CounterUnit, CounterWindow, LimitPlan } from '../../domain/limits/limit-plan.ts';
import { FAR_FUTURE_MS } from '../../domain/limits/period.ts';

/** Counters of one organization, and the keys they are under. */
export interface RedisCounterSet {
  /** The scopes' keys, the organization's own first: it keeps the time. */
  readonly keys: readonly string[];
  readonly json: string;
  /** The index, in the caller's list, of the counter at each place. */
  readonly order: readonly number[];
}

/** A plan that Redis stores under its own name, so that a request sends only the name. */
export interface RedisPlan extends RedisCounterSet {
  readonly counters: readonly CounterSpec[];
  readonly ruleCount: number;
  /** The key under which the plan is stored. */
  readonly place: string;
  /** All keys of a hold: those of the scopes, of the plan, and of the organization's holds. */
  readonly holdKeys: readonly string[];
  /**
   * The caller, as a hold's record names it: ids of team, member and key (or of the scopes there are), the hashes of the end user's
   * counters, its labels if a limit counts by them, a tab, the called name.
   */
  readonly who: string;
}

const UNITS: Readonly<Record<CounterUnit, number>> = { requests: 1, tokens: 2, nano_usd: 3, parallel: 4 };
const WINDOWS: Readonly<Record<CounterWindow['is'], number>> = { trailing: 0, calendar: 1, now: 2 };

export function unitNumber(unit: CounterUnit): number {
  return UNITS[unit];
}

/** Encodes the counters of one organization for a single call, without a stored plan. */
export function counterSet(prefix: string, organizationId: string, counters: readonly CounterSpec[]): RedisCounterSet {
  const { keys, facts, order } = factsOf(prefix, organizationId, counters);
  return { keys, json: JSON.stringify(facts), order };
}

export function redisPlan(prefix: string, { organizationId, counters, rules, use }: LimitPlan): RedisPlan {
  const { keys, facts, order, scopes } = factsOf(prefix, organizationId, counters);
  const ids = use === undefined ? scopes.slice(1) : [use.teamId, use.memberId ?? '', use.keyId, ...scopes.filter(isOfEndUser)];
  const json = JSON.stringify({
    ...facts,
    at: scopes.map((scope) => ids.indexOf(scope) + 1),
    rc: rules.map((rule) => order.indexOf(rule.counter) + 1),
    rv: rules.map((rule) => rule.value),
    rm: rules.map((rule) => (rule.action === 'block' ? 1 : 0)),
    c: rules.some((rule) => rule.clampOutput && rule.action === 'block') ? 1 : 0,
  });
  const slot = slotOf(prefix, organizationId);
  const place = `${slot}p:${hash('sha256', json, 'base64url').slice(0, 22)}`;
  const who = `${[...ids, ...labelsOf(use?.labels)].join(',')}\t${use?.calledName ?? ''}`;
  return { counters, ruleCount: rules.length, keys, json, order, place, holdKeys: [...keys, place, `${slot}h`], who };
}

/** Returns the key of an organization's holds. */
export function holdsKey(prefix: string, organizationId: string): string {
  return `${slotOf(prefix, organizationId)}h`;
}

/** Returns the prefix that puts all keys of one organization into one slot of a cluster. */
function slotOf(prefix: string, organizationId: string): string {
  return `${prefix}{${organizationId}}:`;
}

/**
 * Groups the counters by scope, so that one call loads each scope; `order` gives each one's index before that. Works out the
 * present period once, for the requests of the next hours.
 */
function factsOf(prefix: string, organizationId: string, counters: readonly CounterSpec[]) {
  const scopes = [...new Set([organizationId, ...counters.map(hashOf)])];
  const order = counters.map((_, index) => index).sort((a, b) => scopeOf(counters, scopes, a) - scopeOf(counters, scopes, b));
  const placed = order.map((index) => counters[index] as CounterSpec);
  const counts = scopes.map((scope) => placed.filter((spec) => hashOf(spec) === scope).length);
  const to = counts.map((_, scope) => counts.slice(0, scope + 1).reduce((sum, count) => sum + count, 0));
  const present = placed.map(({ window }) => presentOf(window));
  const facts = {
    k: placed.map((spec) => scopes.indexOf(hashOf(spec)) + 1),
    from: to.map((last, scope) => last - (counts[scope] as number) + 1),
    to,
    f: placed.map(fieldOf),
    w: placed.map(({ window }) => WINDOWS[window.is]),
    u: placed.map(({ unit }) => UNITS[unit]),
    s: placed.map(({ window }) => (window.is === 'trailing' ? window.slotMs : 0)),
    b: placed.map(({ window }) => (window.is === 'calendar' ? window.boundariesMs : [])),
    pf: placed.map((spec, i) => (spec.window.is === 'calendar' ? `${fieldOf(spec)}@${present[i]?.startMs}` : fieldOf(spec))),
    ps: present.map(({ startMs }) => startMs),
    pe: present.map(({ endMs }) => endMs),
    vf: Math.max(0, ...present.map(({ startMs }) => startMs)),
    vt: Math.min(FAR_FUTURE_MS, ...present.map(({ endMs }) => endMs)),
  };
  const slot = slotOf(prefix, organizationId);
  return { keys: scopes.map((scope) => `${slot}s:${scope}`), facts, order, scopes };
}

function scopeOf(counters: readonly CounterSpec[], scopes: readonly string[], index: number): number {
  return scopes.indexOf(hashOf(counters[index] as CounterSpec));
}

/**
 * Returns the name of the Redis hash that holds a counter. Counters of an end user have a hash of their own in each scope, which
 * expires when the end user is idle. In the scope's hash, those of millions of end users would stay as long as the scope is used.
 */
function hashOf({ scopeId, match }: CounterSpec): string {
  if (match.is !== 'end_user' || match.name === null) return scopeId;
  return `${scopeId}${END_USER}${hash('sha256', match.name, 'base64url').slice(0, 22)}`;
}

const END_USER = '~';
const isOfEndUser = (hashName: string) => hashName.includes(END_USER);

/** Returns the counter's field. That of an end user does not name them, so that one stored plan serves all of them. */
function fieldOf({ name, scopeId, match }: CounterSpec): string {
  const field = name.slice(scopeId.length + 1);
  return match.is === 'end_user' && match.name !== null ? field.replace(`~${match.name}`, () => '~') : field;
}

const TAG_MARK = '#';

/** Returns the labels as further ids of a record. A version before reads the first three ids alone. */
function labelsOf(labels: Labels | undefined): readonly string[] {
  if (labels === undefined) return [];
  const { tags, endUser } = labels;
  const user = endUser === null ? [] : [`${END_USER}${Buffer.from(endUser).toString('base64url')}`];
  return [...tags.map((tag) => `${TAG_MARK}${tag}`), ...user];
}

/** Returns the labels among the ids of a record; null if there are none. */
export function labelsIn(ids: readonly string[]): Labels | null {
  const tags = ids.filter((id) => id.startsWith(TAG_MARK)).map((id) => id.slice(1));
  const user = ids.find((id) => id.startsWith(END_USER));
  if (tags.length === 0 && user === undefined) return null;
  return { tags, endUser: user === undefined ? null : Buffer.from(user.slice(1), 'base64url').toString('utf8') };
}

/** Returns the present period. It begins at the second boundary of a plan; the first is there for requests that settle late. */
function presentOf(window: CounterWindow): { readonly startMs: number; readonly endMs: number } {
  if (window.is !== 'calendar') return { startMs: 0, endMs: FAR_FUTURE_MS };
  const first = window.boundariesMs.length > 2 ? 1 : 0;
  return { startMs: window.boundariesMs[first] ?? 0, endMs: window.boundariesMs[first + 1] ?? FAR_FUTURE_MS };
}
