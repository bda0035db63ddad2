/** The money of a key with one budget, as the gateway says it: what it spent, and what was held for one of its calls. In nano-dollars. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Gateway } from './gateway.ts';
import type { Key } from './tenant.ts';

const SETTLED_TRIES = 1_000;
const SETTLED_WAIT_MS = 20;
const DECISION_TRIES = 100;
const DECISION_WAIT_MS = 50;

interface Status {
  readonly budgets: readonly { readonly spent: string; readonly held: string }[];
}

interface Decision {
  readonly requested: { readonly spend: string };
}

/** Returns what a key has spent, once nothing of it is held any more and it has spent more than `above`. */
export async function spentBy(gateway: Pick<Gateway, 'admin'>, { id }: Key, above = -1): Promise<number> {
  for (let tries = 0; tries < SETTLED_TRIES; tries += 1) {
    const { budgets } = await gateway.admin<Status>('GET', `/keys/${id}/limits/status`);
    const { held, spent } = budgets[0] as Status['budgets'][number];
    const nanoUsd = Math.round(Number(spent) * 1e9);
    if (Number(held) === 0 && nanoUsd > above) return nanoUsd;
    await sleep(SETTLED_WAIT_MS);
  }
  throw new Error('a request was not settled within 20 s');
}

/** Returns what the decision of an answered call says was held for it. */
export async function heldFor({ base }: Pick<Gateway, 'base'>, { secret }: Key, requestId: string): Promise<number> {
  for (let tries = 0; ; tries += 1) {
    const response = await fetch(`${base}/v1/decisions/${requestId}`, { headers: { authorization: `Bearer ${secret}` } });
    const text = await response.text();
    if (response.ok) return Math.round(Number((JSON.parse(text) as Decision).requested.spend) * 1e9);
    // On its way from memory to the store.
    if (tries === DECISION_TRIES) throw new Error(`a decision was answered ${response.status}: ${text}`);
    await sleep(DECISION_WAIT_MS);
  }
}

/** Returns nano-dollars as the API takes an amount. */
export function usd(nanoUsd: number): string {
  return (nanoUsd / 1e9).toFixed(9);
}
