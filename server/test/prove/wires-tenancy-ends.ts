/** What becomes of stored responses and conversations when their key, team, organization or process ends. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Gateway } from './gateway.ts';
import type { ProveResult } from './prove.ts';
import { makeKey } from './tenant.ts';
import type { Holder, TenancySite } from './wires-tenancy-site.ts';
import { HANGS, SLOW } from './wires-tenancy-upstream.ts';

/** A process vouches for a response in the background for 30 seconds. */
const VOUCHED_MS_MAX = 45_000;

interface Check {
  readonly what: string;
  readonly holds: boolean;
  readonly said: string;
}

/** Ends the gateway in one of two ways, and starts it again. */
type Restarted = (how: 'stop' | 'kill') => Promise<Gateway>;

export async function endsOf(site: TenancySite, restarted: Restarted): Promise<ProveResult> {
  const checks = [
    ...(await ofKey(site)),
    ...(await ofTeam(site)),
    ...(await ofOrganization(site)),
    ...(await ofProcess(site, restarted)),
  ];
  const failed = checks.filter(({ holds }) => !holds);
  return {
    holds: failed.length === 0,
    figure: `ends: ${checks.length - failed.length} of ${checks.length} as written (key, team, organization, process)`,
    details: failed.map(({ what, said }) => `${what}: ${said.slice(0, 300)}`),
  };
}

const pathsOf = ({ ids }: Holder) => [
  `/v1/responses/${ids.response}`,
  `/v1/conversations/${ids.conversation}`,
  `/v1/files/${ids.file}`,
];

async function statuses(site: TenancySite, secret: string, of: Holder, what: string, status: number): Promise<readonly Check[]> {
  const checks: Check[] = [];
  for (const path of pathsOf(of)) {
    const said = await site.call(secret, 'GET', path);
    checks.push({ what: `${what}, ${path}`, holds: said.status === status, said: `${said.status} ${said.text}` });
  }
  return checks;
}

/** The end of a key ends nothing: another key of its team finds all of it. */
async function ofKey(site: TenancySite): Promise<readonly Check[]> {
  const [holder] = site.holders as [Holder];
  const other = await makeKey(site.gateway, holder);
  await site.gateway.admin('DELETE', `/keys/${holder.keyId}`);
  return [
    ...(await statuses(site, holder.secret, holder, 'the revoked key', 401)),
    ...(await statuses(site, other.secret, holder, 'another key of its team', 200)),
  ];
}

/** With its team, what it made is not found at once, also where the whole organization would find it. */
async function ofTeam(site: TenancySite): Promise<readonly Check[]> {
  const [, , holder, neighbour] = site.holders as [Holder, Holder, Holder, Holder];
  await site.gateway.admin('PATCH', `/organizations/${holder.organizationId}`, {
    responses_scope: 'organization',
    files_scope: 'organization',
  });
  const before = await statuses(site, neighbour.secret, holder, 'a neighbour, with the scope organization', 200);
  await site.gateway.admin('DELETE', `/keys/${holder.keyId}`);
  await site.gateway.admin('DELETE', `/teams/${holder.teamId}`);
  return [
    ...before,
    ...(await statuses(site, neighbour.secret, holder, 'a neighbour, after the team', 404)),
    ...(await statuses(site, neighbour.secret, neighbour, 'the neighbour’s own', 200)),
  ];
}

/** With its organization, nothing of it is found, and the job deletes it. */
async function ofOrganization(site: TenancySite): Promise<readonly Check[]> {
  const [holder] = site.holders.slice(4) as [Holder];
  await site.gateway.admin('POST', `/organizations/${holder.organizationId}/archive`, {});
  const archived = await statuses(site, holder.secret, holder, 'an archived organization', 403);
  await site.gateway.admin('DELETE', `/organizations/${holder.organizationId}`);
  return [...archived, ...(await statuses(site, holder.secret, holder, 'a deleted organization', 401))];
}

/**
 * Responses in the background when their process ends. One that is answered during the drain is complete, and one that is not is failed;
 * after a kill it is failed a little later. What was not answered is charged an estimate.
 */
async function ofProcess(site: TenancySite, restarted: Restarted): Promise<readonly Check[]> {
  const holder = site.holders[1] as Holder;
  const begin = async (input: string) => {
    const { text } = await site.call(holder.secret, 'POST', '/v1/responses', { model: 'native', input, background: true });
    return (JSON.parse(text) as { readonly id: string }).id;
  };
  const [slow, stopped] = [await begin(`${SLOW} one`), await begin(`${HANGS} two`)];
  await askedOf(site, `${HANGS} two`);
  const second = await restarted('stop');
  const afterStop = [await stateOf(second, holder, slow), await stateOf(second, holder, stopped)];
  const killed = await beginAt(second, holder, `${HANGS} three`);
  await askedOf(site, `${HANGS} three`);
  const third = await restarted('kill');
  const until = Date.now() + VOUCHED_MS_MAX;
  let afterKill = await stateOf(third, holder, killed);
  while (afterKill === 'in_progress' && Date.now() < until) {
    await sleep(500);
    afterKill = await stateOf(third, holder, killed);
  }
  const rows = await statusesOf(third, holder);
  const estimated = rows.filter((status) => status === 'estimated').length;
  return [
    { what: 'answered during the drain', holds: afterStop[0] === 'completed', said: String(afterStop[0]) },
    { what: 'not answered by its end', holds: afterStop[1] === 'failed', said: String(afterStop[1]) },
    { what: 'of a killed process', holds: afterKill === 'failed', said: afterKill },
    { what: 'its request is estimated', holds: estimated === 1, said: rows.join(' ') },
  ];
}

async function askedOf({ upstream }: TenancySite, input: string): Promise<void> {
  while (!upstream.bodies.some((body) => body.includes(input))) await sleep(20);
}

async function beginAt({ base }: Gateway, { secret }: Holder, input: string): Promise<string> {
  const headers = { authorization: `Bearer ${secret}`, 'content-type': 'application/json' };
  const body = JSON.stringify({ model: 'native', input, background: true });
  const answer = await fetch(`${base}/v1/responses`, { method: 'POST', headers, body });
  return ((await answer.json()) as { readonly id: string }).id;
}

async function stateOf({ base }: Gateway, { secret }: Holder, id: string): Promise<string> {
  const answer = await fetch(`${base}/v1/responses/${id}`, { headers: { authorization: `Bearer ${secret}` } });
  return String(((await answer.json()) as { readonly status?: string }).status);
}

async function statusesOf(gateway: Gateway, { keyId }: Holder): Promise<readonly string[]> {
  const { data } = await gateway.admin<{ data: readonly { status: string }[] }>('GET', `/requests?key_id=${keyId}&limit=50`);
  return data.map(({ status }) => status);
}
