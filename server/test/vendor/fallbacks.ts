/** Fallbacks: the ledger holds what each attempt served, and nothing of an attempt that served nothing. */
import { isDeepStrictEqual } from 'node:util';
import type { VendorDouble } from '../support/vendor-double.ts';
import type { Served } from '../support/vendor-exchange.ts';
import { ask, EXPECTED_OUTPUT, estimatedInput, type Question } from './client.ts';
import { differs } from './cuts.ts';
import { entry, type LoggedEntry, type LoggedRow, type Route, type VendorSite } from './site.ts';

/** A way of falling back, and the ledger it must leave: entries of the attempts that served something, and of no other. */
export interface Fallback {
  readonly route: Route;
  readonly entries: (input: number, served: readonly Served[]) => readonly LoggedEntry[];
  readonly attempts: number;
}

const GOOD = { kind: 'openai', upstreamModel: 'good' } as const;

/** Every first deployment fails; the second answers. What the first used before it failed is in the ledger beside the answer. */
export const FALLBACKS: readonly Fallback[] = [
  ...['fault:500', 'fault:reset', 'fault:empty', 'fault:401', 'fault:429'].map((upstreamModel) => freeFailure(upstreamModel)),
  {
    route: { name: 'after-silence', deployments: [{ kind: 'openai', upstreamModel: 'fault:hang', timeoutMs: 300 }, GOOD] },
    attempts: 2,
    entries: (input, served) => [entry(1, 'estimated', { input, output: EXPECTED_OUTPUT }), entry(2, 'usage', told(served))],
  },
  {
    route: { name: 'after-half', deployments: [{ kind: 'openai', upstreamModel: 'fault:badjson' }, GOOD] },
    attempts: 2,
    entries: (input, served) => [entry(1, 'estimated', { input, output: 6 }), entry(2, 'usage', told(served))],
  },
  {
    route: { name: 'after-a-cut', deployments: [{ kind: 'openai', upstreamModel: 'fault:cutjson' }, GOOD] },
    attempts: 2,
    entries: (input, served) => [
      entry(1, 'estimated', { input, output: Math.ceil((served[0]?.textBytes ?? 0) / 4) }),
      entry(2, 'usage', told(served)),
    ],
  },
  {
    route: { name: 'by-chain', deployments: [{ kind: 'openai', upstreamModel: 'fault:500' }], fallbacks: ['last-resort'] },
    attempts: 2,
    entries: (_input, served) => [entry(2, 'usage', told(served))],
  },
  {
    ...freeFailure('good'),
    route: { name: 'last-resort', deployments: [GOOD] },
    attempts: 1,
    entries: (_input, served) => [entry(1, 'usage', told(served))],
  },
  {
    route: { name: 'fakes', deployments: [{ kind: 'fake', upstreamModel: 'fake-500' }, GOOD] },
    attempts: 2,
    entries: (_input, served) => [entry(2, 'usage', told(served))],
  },
];

function freeFailure(upstreamModel: string): Fallback {
  return {
    route: { name: `after-${upstreamModel.replace(':', '-')}`, deployments: [{ kind: 'openai', upstreamModel }, GOOD] },
    attempts: 2,
    entries: (_input, served) => [entry(2, 'usage', told(served))],
  };
}

function told(served: readonly Served[]) {
  return served.at(-1)?.usage ?? { input: -1, output: -1 };
}

/** Makes one call that falls back. Calls of other routes must not run beside it: the vendor's record is read from its end. */
export async function fallbackProblems(
  site: VendorSite,
  vendor: VendorDouble,
  fallback: Fallback,
): Promise<{ problems: string[]; row: LoggedRow }> {
  const { route, attempts } = fallback;
  vendor.forget();
  const question: Question = { dialect: 'chat', model: route.name, stream: false };
  const heard = await ask(site.port, site.secretOf(route), question);
  const row = await site.rowOf(String(heard.headers['x-request-id']));
  const problems = heard.status === 200 ? [] : [`answered ${heard.status} ${heard.text.slice(0, 200)}`];
  const wanted = fallback.entries(estimatedInput(question), vendor.served);
  if (!isDeepStrictEqual(row.entries, wanted)) problems.push(differs(row.entries, wanted));
  if (row.attempts !== attempts) problems.push(`${row.attempts} attempts, not ${attempts}`);
  const held = await site.heldBy(route);
  if (held !== 0) problems.push(`${held} is still held`);
  return { problems: problems.map((problem) => `${route.name}: ${problem}`), row };
}
