/** Plans and counters as the scripts read them: short names, places of keys, numbers for kinds. */
import { hash } from 'node:crypto';
import type { CounterSpec, CounterUnit, CounterWindow, LimitPlan } from '../domain/limit-plan.ts';

/** Counters of one organization, and the keys they are under. */
export interface RedisCounterSet {
  /** The scopes' keys, the organization's own first: it keeps the time. */
  readonly keys: readonly string[];
  readonly json: string;
}

/** A plan that Redis keeps under its own name, so that a request sends no more than that. */
export interface RedisPlan extends RedisCounterSet {
  readonly organizationId: string;
  readonly counters: readonly CounterSpec[];
  readonly ruleCount: number;
  /** Where the plan is kept. */
  readonly place: string;
  /** Where the organization's holds are. */
  readonly holds: string;
  /** All keys a hold names. */
  readonly holdKeys: readonly string[];
}

const UNITS: Readonly<Record<CounterUnit, number>> = { requests: 1, tokens: 2, nano_usd: 3, parallel: 4 };
const WINDOWS: Readonly<Record<CounterWindow['is'], number>> = { trailing: 0, calendar: 1, now: 2 };

export function unitNumber(unit: CounterUnit): number {
  return UNITS[unit];
}

/** The counters of one organization, for a question that is asked once. */
export function counterSet(prefix: string, organizationId: string, counters: readonly CounterSpec[]): RedisCounterSet {
  const { keys, facts } = factsOf(prefix, organizationId, counters);
  return { keys, json: JSON.stringify(facts) };
}

export function redisPlan(prefix: string, { organizationId, counters, rules }: LimitPlan): RedisPlan {
  const { keys, facts } = factsOf(prefix, organizationId, counters);
  const json = JSON.stringify({
    ...facts,
    rc: rules.map((rule) => rule.counter + 1),
    rv: rules.map((rule) => rule.value),
    rm: rules.map((rule) => (rule.action === 'block' ? 1 : 0)),
    c: rules.some((rule) => rule.clampOutput && rule.action === 'block') ? 1 : 0,
  });
  const slot = slotOf(prefix, organizationId);
  const place = `${slot}p:${hash('sha256', json, 'base64url').slice(0, 22)}`;
  const holds = `${slot}h`;
  return { organizationId, counters, ruleCount: rules.length, keys, json, place, holds, holdKeys: [...keys, place, holds] };
}

/** Everything of one organization is in one slot of a cluster. */
function slotOf(prefix: string, organizationId: string): string {
  return `${prefix}{${organizationId}}:`;
}

function factsOf(prefix: string, organizationId: string, counters: readonly CounterSpec[]) {
  const scopes = [organizationId];
  const placeOf = (scopeId: string) => {
    const known = scopes.indexOf(scopeId);
    return known === -1 ? scopes.push(scopeId) : known + 1;
  };
  const facts = {
    k: counters.map(({ scopeId }) => placeOf(scopeId)),
    f: counters.map(({ name, scopeId }) => name.slice(scopeId.length + 1)),
    w: counters.map(({ window }) => WINDOWS[window.is]),
    u: counters.map(({ unit }) => UNITS[unit]),
    b: counters.map(({ window }) => numbersOf(window)),
  };
  const slot = slotOf(prefix, organizationId);
  return { keys: scopes.map((scopeId) => `${slot}s:${scopeId}`), facts };
}

function numbersOf(window: CounterWindow): readonly number[] {
  if (window.is === 'trailing') return [window.slotMs];
  return window.is === 'calendar' ? window.boundariesMs : [];
}
