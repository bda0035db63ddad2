/** Keys with few slots each, what is held of them, and how many of their slots can be used at once. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Fleet } from './fleet.ts';
import type { Gateway } from './gateway.ts';
import type { HeldProvider } from './held-provider.ts';
import { nanoUsd } from './limit-site.ts';
import { type Key, makeCredential, makeKey, makeModel, makeTenant } from './tenant.ts';

export interface Slots {
  readonly keys: readonly SlotKey[];
  /** Paths of everything that has limits. */
  readonly places: readonly string[];
  /** Of all keys together. */
  readonly count: number;
  readonly model: string;
}

interface SlotKey extends Key {
  readonly slots: number;
}

const MODEL = 'metered';
/** Its calls wait at the provider. */
const HELD_MODEL = 'held';
const REACHED_MS = 300;
const FULL_MS_MAX = 5_000;

/** Two keys under rate limits alone and one under a budget that refuses. */
export async function furnishSlots(gateway: Gateway, meteredUrl: string, heldUrl: string): Promise<Slots> {
  for (const [model, url] of [
    [MODEL, meteredUrl],
    [HELD_MODEL, heldUrl],
  ] as const) {
    const credentialId = await makeCredential(gateway, 'openai', url);
    await makeModel(gateway, { model, provider: 'openai', upstreamModel: model, credentialId });
  }
  const rate_limits = { rpm: 1_000_000, rpd: 10_000_000, tpd: 1_000_000_000 };
  const limited = await makeTenant(gateway, { rate_limits });
  const bounded = await makeTenant(gateway, { rate_limits, budgets: [{ amount: '1000.00', period: 'month', action: 'block' }] });
  const keys: SlotKey[] = [];
  for (const [tenant, slots] of [
    [limited, 4],
    [limited, 3],
    [bounded, 3],
  ] as const)
    keys.push({ ...(await makeKey(gateway, tenant, { rate_limits: { ...rate_limits, max_parallel: slots } })), slots });
  await sleep(REACHED_MS);
  const places = [limited, bounded].map(({ organizationId }) => `/organizations/${organizationId}`);
  return {
    keys,
    places: [...places, ...keys.map(({ id }) => `/keys/${id}`)],
    count: keys.reduce((sum, { slots }) => sum + slots, 0),
    model: MODEL,
  };
}

interface Status {
  readonly rate_limits: readonly { readonly held: number }[];
  readonly budgets: readonly { readonly held: string }[];
}

/** Of all limits and budgets, added up whatever their units. Infinite while it cannot be read. */
export async function heldIn({ replicas }: Fleet, { places }: Slots): Promise<number> {
  const live = replicas.at(-1) as Gateway;
  const answers = await Promise.all(places.map((place) => live.ask<Status>('GET', `${place}/limits/status`)));
  if (answers.some(({ status }) => status !== 200)) return Number.POSITIVE_INFINITY;
  return answers.reduce(
    (sum, { body: { rate_limits, budgets } }) =>
      sum +
      [...rate_limits.map(({ held }) => held), ...budgets.map(({ held }) => nanoUsd(held))].reduce((all, one) => all + one, 0),
    0,
  );
}

/** Of all keys: how many calls wait at the provider at once, with one more that must be refused. */
export async function usableSlots(fleet: Fleet, { keys }: Slots, held: HeldProvider): Promise<number> {
  let usable = 0;
  for (const key of keys) usable += await usableOf(fleet, key, held);
  return usable;
}

async function usableOf({ replicas }: Fleet, { secret, slots }: SlotKey, held: HeldProvider): Promise<number> {
  const statuses: number[] = [];
  const call = async (at: number) => {
    const response = await fetch(`${(replicas[at % replicas.length] as Gateway).base}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model: HELD_MODEL, user: 'hold', max_tokens: 8, messages: [{ role: 'user', content: 'Hi.' }] }),
    });
    await response.arrayBuffer();
    statuses.push(response.headers.has('x-headgate-degraded') ? 0 : response.status);
  };
  const calls = Array.from({ length: slots }, (_, at) => call(at));
  await settled(() => held.waitingNow() + statuses.length === slots);
  const usable = held.waitingNow();
  calls.push(call(slots));
  await settled(() => statuses.includes(429) || held.waitingNow() > usable);
  const isFull = statuses.includes(429) && held.waitingNow() === usable;
  // One that was slow to arrive is let go as well.
  const letting = setInterval(held.letWaitingAnswer, 20);
  await Promise.all(calls);
  clearInterval(letting);
  // Answers by a share say nothing of the slots that all replicas share.
  return isFull && !statuses.includes(0) ? usable : 0;
}

async function settled(isSo: () => boolean): Promise<void> {
  for (const sinceMs = performance.now(); !isSo() && performance.now() - sinceMs < FULL_MS_MAX; ) await sleep(5);
}
