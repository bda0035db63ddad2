// Budgets at each scope: as many concurrent calls as holds fit, then one after another until no hold fits, never above the amount; the ledger
// says what the answers' usage says. Once at a provider that holds its answers back, and once at `fake-slow`.
import { SCOPES, type Scope } from '../../src/domain/tenancy/tenancy.ts';
import { budgetOf, budgetProblems } from '../limits/budgets.ts';
import type { Burst } from '../limits/burst.ts';
import { keysOf } from '../limits/site.ts';
import { startVendor } from '../support/vendor-double.ts';
import { type Gateway, startGateway } from './gateway.ts';
import { behindGate, openHttpSite, plainNanoUsdOf } from './limit-site.ts';
import { allOf, type ProveOptions, type ProveResult } from './prove.ts';
import { makeCredential } from './tenant.ts';

const SLOW_TRIES_MAX = 4;

export async function run({ quick }: ProveOptions): Promise<ProveResult> {
  const burst = quick ? { room: 7, calls: 50 } : { room: 40, calls: 200 };
  const vendor = await startVendor();
  const gateway = await startGateway();
  try {
    const credentialId = await makeCredential(gateway, 'openai', `${vendor.base}/v1`);
    const heldBack = async (scope: Scope) => {
      const site = await openHttpSite(gateway, ruleAt(scope, burst), behindGate(vendor, credentialId));
      return await budgetProblems(site, scope, burst);
    };
    const named = `${burst.calls} concurrent calls admit ⌊amount ÷ hold⌋ = ${burst.room}`;
    return allOf([
      await everyScope(`${named}, then all that fit one by one, spend ≤ amount, ledger = Σ usage`, heldBack),
      await everyScope(`${named} at fake-slow`, (scope) => slowProblems(gateway, scope, burst)),
    ]);
  } finally {
    await gateway.stop();
    await vendor.close();
  }
}

function ruleAt(scope: Scope, burst: Burst) {
  return budgetOf(scope, burst, { nanoUsdOf: plainNanoUsdOf });
}

async function everyScope(figure: string, problemsOf: (scope: Scope) => Promise<string[]>): Promise<ProveResult> {
  const details: string[] = [];
  let bad = 0;
  for (const scope of SCOPES) {
    const problems = await problemsOf(scope);
    if (problems.length > 0) bad += 1;
    details.push(...problems.map((problem) => `${scope}: ${problem}`));
  }
  return { holds: bad === 0, figure: `${SCOPES.length - bad} of ${SCOPES.length} scopes: ${figure}`, details };
}

/** Nothing settles before the first token, a second after the call; on a machine too busy to decide all calls in that second, again. */
async function slowProblems(gateway: Gateway, scope: Scope, burst: Burst): Promise<string[]> {
  const model = { model: `slow-${scope}`, provider: 'fake', upstreamModel: 'fake-slow' } as const;
  for (let tries = 0; tries < SLOW_TRIES_MAX; tries += 1) {
    const at = { ...model, model: `${model.model}-${tries}` };
    const site = await openHttpSite(gateway, ruleAt(scope, burst), { model: at, waiting: () => 0, letAnswer: () => {} });
    const keys = keysOf(scope);
    const answers = await Promise.all(
      Array.from({ length: burst.calls }, async (_, call) => {
        const { status } = await site.call(keys[call % keys.length] as number);
        return { status, atMs: performance.now() };
      }),
    );
    const times = (status: number) => answers.filter((answer) => answer.status === status).map(({ atMs }) => atMs);
    if (Math.max(...times(429)) > Math.min(...times(200))) continue;
    const expected = burst.room * (scope === 'key' ? keys.length : 1);
    const admitted = times(200).length;
    const isRight = admitted === expected && admitted + times(429).length === burst.calls;
    return isRight ? [] : [`${admitted} of ${burst.calls} were admitted, not ${expected}`];
  }
  return [`the machine was too busy to decide ${burst.calls} calls within a second, ${SLOW_TRIES_MAX} times over`];
}
