// Three tenants on one account of a provider: no id of a response, conversation or file leads from one to another, on any path and in any field.
import { setTimeout as sleep } from 'node:timers/promises';
import { newId } from '../../src/lib/id.ts';
import { newFileId } from '../../src/proxy/files/file-store.ts';
import { startGateway } from './gateway.ts';
import { allOf, type ProveResult } from './prove.ts';
import { endsOf } from './wires-tenancy-ends.ts';
import { type IdsOf, isAsWritten, ROWS, refusalOf } from './wires-tenancy-rows.ts';
import { type Holder, openSite, TENANTS, type TenancySite } from './wires-tenancy-site.ts';
import { startStateful } from './wires-tenancy-upstream.ts';

const AT_ONCE = 8;

export async function run(): Promise<ProveResult> {
  const upstream = await startStateful();
  const env = { HEADGATE_RESPONSES_UPSTREAMS: `127.0.0.1:${upstream.port}`, HEADGATE_DRAIN_SECONDS: '2' };
  let gateway = await startGateway({ env });
  try {
    const site = await openSite(gateway, upstream);
    const walked = await walk(site);
    const ended = await endsOf(site, async (how) => {
      const { dataDir, adminToken } = gateway;
      await gateway[how]();
      gateway = await startGateway({ env, dataDir, adminToken });
      return gateway;
    });
    return allOf([walked, ended]);
  } finally {
    await gateway.stop();
    upstream.close();
  }
}

interface Ask {
  readonly by: Holder;
  readonly row: (typeof ROWS)[number];
  readonly id: string;
  readonly kind: string;
}

async function walk(site: TenancySite): Promise<ProveResult> {
  await sleep(500);
  const asks = asksOf(site);
  const sentBefore = site.upstream.bodies.length;
  const leaks: string[] = [];
  const waiting = [...asks];
  const worker = async () => {
    for (let ask = waiting.pop(); ask !== undefined; ask = waiting.pop()) {
      const leak = await askOne(site, ask);
      if (leak !== null) leaks.push(`${ask.by.name} ${ask.row.name} ${ask.kind} ${ask.id.slice(0, 60)}: ${leak}`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  const sent = site.upstream.bodies.slice(sentBefore);
  if (sent.length > 0) leaks.push(`the provider was asked ${sent.length} times: ${sent[0]?.slice(0, 200)}`);
  const missing = await missingOf(site);
  const stored = site.upstream.bodies.filter((body) => !/"store":false/.test(body)).length;
  return {
    holds: leaks.length === 0 && missing.length === 0 && stored === 0,
    figure: `tenancy: ${TENANTS.length} tenants × ${ROWS.length} paths and fields × foreign, other team’s, unknown and raw ids: ${asks.length} requests, leaks ${leaks.length}; own objects not found ${missing.length}; requests to the provider without store:false ${stored}`,
    details: [...leaks.slice(0, 20), ...missing.slice(0, 10)],
  };
}

function asksOf({ holders, upstream }: TenancySite): readonly Ask[] {
  return holders.flatMap((by) =>
    ROWS.flatMap((row) => {
      const of = (other: Holder) => other.ids[row.of];
      const foreign = holders.filter((other) => other.organizationId !== by.organizationId).map(of);
      const teams = holders.filter((other) => other.organizationId === by.organizationId && other !== by).map(of);
      const kinds = { foreign, team: teams, unknown: [unknownOf(row.of)], raw: upstream.rawIds(), hostile: HOSTILE };
      return Object.entries(kinds).flatMap(([kind, ids]) => ids.map((id) => ({ by, row, id, kind })));
    }),
  );
}

function unknownOf(of: keyof IdsOf): string {
  if (of === 'file') return newFileId(Date.now());
  return newId(of === 'conversation' ? 'conv' : of === 'item' ? 'msg' : 'resp');
}

const HOSTILE = [`resp_${'x'.repeat(10_000)}`, "conv_' or true", 'resp_0', 'msg_0'];

/** Returns what is wrong with the answer: null, if it says no more than that there is no such thing. */
async function askOne(site: TenancySite, { by, row, id, kind }: Ask): Promise<string | null> {
  const { method, path, body } = row.ask(kind === 'hostile' && row.is === 'path' ? encodeURIComponent(id) : id, by.ids);
  const { status, text } = await site.call(by.secret, method, path, body);
  const other = site.holders.find((holder) => holder !== by && text.includes(holder.name));
  if (other !== undefined) return `the text of ${other.name}: ${text.slice(0, 300)}`;
  // What is answered to an id of others is what is answered to one of nobody: the row's refusal.
  const isRefused = kind === 'hostile' ? status >= 400 && status < 500 : isAsWritten(row, refusalOf(status, text));
  return isRefused ? null : `${status} ${text.slice(0, 300)}`;
}

/** Returns the objects that their own holders do not find, after all that others tried. */
async function missingOf({ holders, call }: TenancySite): Promise<readonly string[]> {
  const missing: string[] = [];
  for (const { name, secret, ids } of holders) {
    for (const path of [
      `/v1/responses/${ids.response}`,
      `/v1/responses/${ids.background}`,
      `/v1/conversations/${ids.conversation}/items/${ids.item}`,
      `/v1/files/${ids.file}`,
    ]) {
      const { status, text } = await call(secret, 'GET', path);
      if (status !== 200 || text.includes('"cancelled"')) missing.push(`${name} ${path}: ${status} ${text.slice(0, 200)}`);
    }
    const items = await call(secret, 'GET', `/v1/conversations/${ids.conversation}/items`);
    if (JSON.parse(items.text).data?.length !== 1) missing.push(`${name}: ${items.text.slice(0, 200)}`);
  }
  return missing;
}
