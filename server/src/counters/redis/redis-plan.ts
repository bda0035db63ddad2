/** Plans and counters in the form that the scripts read: short names, indexes of keys, numbers for kinds. */
import { hash } from 'node:crypto';
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
   * The caller, as a hold's record names it: ids of team, member and key (or of the scopes there are), a tab, the called name.
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
  const ids = use === undefined ? scopes.slice(1) : [use.teamId, use.memberId ?? '', use.keyId];
  const json = JSON.stringify({
    ...facts,
    at: scopes.map((scopeId) => ids.indexOf(scopeId) + 1),
    rc: rules.map((rule) => order.indexOf(rule.counter) + 1),
    rv: rules.map((rule) => rule.value),
    rm: rules.map((rule) => (rule.action === 'block' ? 1 : 0)),
    c: rules.some((rule) => rule.clampOutput && rule.action === 'block') ? 1 : 0,
  });
  const slot = slotOf(prefix, organizationId);
  const place = `${slot}p:${hash('sha256', json, 'base64url').slice(0, 22)}`;
  const who = `${ids.join(',')}\t${use?.calledName ?? ''}`;
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
  const scopes = [...new Set([organizationId, ...counters.map(({ scopeId }) => scopeId)])];
  const order = counters.map((_, index) => index).sort((a, b) => scopeOf(counters, scopes, a) - scopeOf(counters, scopes, b));
  const placed = order.map((index) => counters[index] as CounterSpec);
  const counts = scopes.map((scopeId) => placed.filter((spec) => spec.scopeId === scopeId).length);
  const to = counts.map((_, scope) => counts.slice(0, scope + 1).reduce((sum, count) => sum + count, 0));
  const present = placed.map(({ window }) => presentOf(window));
  const facts = {
    k: placed.map(({ scopeId }) => scopes.indexOf(scopeId) + 1),
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
  return { keys: scopes.map((scopeId) => `${slot}s:${scopeId}`), facts, order, scopes };
}

function scopeOf(counters: readonly CounterSpec[], scopes: readonly string[], index: number): number {
  return scopes.indexOf((counters[index] as CounterSpec).scopeId);
}

function fieldOf({ name, scopeId }: CounterSpec): string {
  return name.slice(scopeId.length + 1);
}

/** Returns the present period. It begins at the second boundary of a plan; the first is there for requests that settle late. */
function presentOf(window: CounterWindow): { readonly startMs: number; readonly endMs: number } {
  if (window.is !== 'calendar') return { startMs: 0, endMs: FAR_FUTURE_MS };
  const first = window.boundariesMs.length > 2 ? 1 : 0;
  return { startMs: window.boundariesMs[first] ?? 0, endMs: window.boundariesMs[first + 1] ?? FAR_FUTURE_MS };
}
