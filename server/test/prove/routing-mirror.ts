/** The part of `routing.strategies` about mirrors: what a copy costs whom, and that its original knows nothing of it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { isMirrored } from '../../src/domain/routing/mirror.ts';
import { type ProveResult, unmet } from './prove.ts';
import { ANSWER_USD, ask, makeGroup, type Site } from './routing-site.ts';
import { makeKey, makeTenant } from './tenant.ts';

const SESSIONS = 10_000;
/** The model that gets copies, and the time that it takes. */
const COPIED_TO = 'slow-150';
const COPY_MS = 150;

/** A mirror's share is what was said, and a session that is in it stays in it while it grows. */
export function mirrorShares(): ProveResult {
  const shares = [10, 25, 50, 100, 500].map((permille) => {
    const within = new Set<number>();
    for (let at = 0; at < SESSIONS; at += 1) {
      const request = { organizationId: 'org_1', calledName: 'fast', session: null, requestId: `req_${at}` };
      if (isMirrored({ permille }, request)) within.add(at);
    }
    return { permille, within };
  });
  const off = Math.max(...shares.map(({ permille, within }) => Math.abs(within.size / SESSIONS - permille / 1_000)));
  const left = shares.slice(1).map(({ within }, at) => (shares[at]?.within ?? new Set<number>()).difference(within).size);
  const moved = left.reduce((sum, one) => sum + one, 0);
  return {
    holds: off <= 0.015 && moved === 0,
    figure: `mirrors of 1 to 50 % of ${SESSIONS} requests are off by at most ${(off * 100).toFixed(2)} %, and ${moved} leave one that grows`,
  };
}

interface Report {
  readonly data: readonly { readonly model: string; readonly answered: number; readonly cost: string }[];
}

/** The same calls with and without a mirror that is slower than the original, by an organization that allows copies and one that does not. */
export async function mirroredCalls(site: Site, count: number): Promise<ProveResult> {
  const { gateway } = site;
  const from = encodeURIComponent(new Date(Date.now() - 60_000).toISOString());
  await makeGroup(site, 'plain', ['one'], {});
  await makeGroup(site, 'mirrored', ['one'], { mirror: { target: COPIED_TO, percent: 100 } });
  const allowing = await makeTenant(gateway, { mirroring: 'allow' });
  const own = { ...site, tenant: allowing, key: await makeKey(gateway, allowing) };
  const before = site.calls.filter((model) => model === COPIED_TO).length;
  const [plainMs, mirroredMs] = [await middleMs(own, 'plain', count), await middleMs(own, 'mirrored', count)];
  for (let call = 0; call < count; call += 1) await ask(site, 'mirrored', `refused ${call}`);
  let copies = { answered: 0, cost: '' };
  for (let tries = 0; tries < 100 && copies.answered < count; tries += 1) {
    await sleep(100);
    const report = await gateway.admin<Report>('GET', `/mirror-copies?from=${from}`);
    copies = report.data.find(({ model }) => model === 'mirrored') ?? copies;
  }
  const sent = site.calls.filter((model) => model === COPIED_TO).length - before;
  const spent = await spendOf(own);
  const isEqual = spent.mirrored !== undefined && spent.mirrored === spent.plain;
  const owed = Math.abs(Number(copies.cost) - count * ANSWER_USD) < 1e-9;
  const decided = await decisionOf(own);
  const wrong = unmet({
    [`${count} copies were sent`]: sent === count,
    [`${count} copies have a row of the platform`]: copies.answered === count,
    'the organization paid the same with copies and without': isEqual,
    [`the platform owes ${count * ANSWER_USD} USD, and has ${copies.cost}`]: owed,
    [`copies hold an answer up by less than ${COPY_MS / 3} ms, not ${mirroredMs - plainMs}`]: mirroredMs - plainMs < COPY_MS / 3,
    [`the decision says answered 200, not ${decided}`]: decided === 'answered 200',
  });
  return {
    holds: wrong.length === 0,
    figure: `mirror: ${sent} copies of ${2 * count} calls, of which ${count} were allowed; ${copies.answered} rows of the platform; the organization paid ${spent.mirrored} USD with it and ${spent.plain} without`,
    log: [`mirror: the middle answer came after ${plainMs} ms without and ${mirroredMs} ms with copies that take ${COPY_MS} ms`],
    details: wrong,
  };
}

async function middleMs(site: Site, group: string, count: number): Promise<number> {
  const times: number[] = [];
  for (let call = 0; call < count; call += 1) {
    const startedMs = performance.now();
    await ask(site, group, `call ${call}`);
    times.push(performance.now() - startedMs);
  }
  return Math.round(times.sort((a, b) => a - b)[count >> 1] ?? 0);
}

/** Returns what the organization paid for each group, once both are in the usage. */
async function spendOf({ gateway, tenant }: Site): Promise<Partial<Record<string, string>>> {
  for (let tries = 0; ; tries += 1) {
    const path = `/usage?organization_id=${tenant.organizationId}&group_by=model`;
    const { data } = await gateway.admin<{ data: { model: string; spend: string }[] }>('GET', path);
    if (data.length >= 2 && data[0]?.spend === data[1]?.spend)
      return Object.fromEntries(data.map((one) => [one.model, one.spend]));
    if (tries === 50) return Object.fromEntries(data.map((one) => [one.model, one.spend]));
    await sleep(100);
  }
}

/** Returns what the decision of the newest mirrored request says of its copy. */
async function decisionOf({ gateway, tenant }: Site): Promise<string> {
  const list = `/requests?organization_id=${tenant.organizationId}&model=mirrored&limit=1`;
  const { data } = await gateway.admin<{ data: { id: string }[] }>('GET', list);
  const decision = await gateway.admin<{ mirror: { outcome: string; status: number } | null }>(
    'GET',
    `/decisions/${data[0]?.id}`,
  );
  return decision.mirror === null ? 'nothing' : `${decision.mirror.outcome} ${decision.mirror.status}`;
}
