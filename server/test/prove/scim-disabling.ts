/** People whom a directory disables and enables, and how long their keys are still answered as before by each process that serves requests. */
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { openClient } from '../support/pg-client.ts';
import { chat } from './data-plane.ts';
import { startFleet } from './fleet.ts';
import type { Gateway } from './gateway.ts';
import type { ProveResult } from './prove.ts';
import { type Directory, makeDirectory } from './scim-site.ts';
import { makeModel, type Tenant } from './tenant.ts';

const WORST_MS_MAX = 5_000;

export interface Disabling {
  /** Where the directory and the console are answered. */
  readonly admin: Gateway;
  /** Where requests are, by their names in the line. */
  readonly served: Readonly<Record<string, Gateway>>;
  readonly model: string;
  readonly rounds: number;
}

/** Times of one process in milliseconds, round by round. */
type Times = Map<string, number[]>;

/** The directory disables people and enables them again, and meanwhile their keys call every process until the answer is another one. */
export async function disabling({ admin, served, model, rounds }: Disabling, database: pg.Client): Promise<ProveResult> {
  const { tenant, directory, domain } = await makeDirectory(admin, database);
  const none = (): Times => new Map(Object.keys(served).map((name) => [name, []]));
  const [refused, again] = [none(), none()];
  const problems: string[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const { id, secret } = await personWithKey(admin, tenant, directory, `leaver-${round}@${domain}`);
    for (const [name, gateway] of Object.entries(served)) {
      const ms = await untilSaid(gateway, { secret, model, isServed: true, begunMs: performance.now() });
      if (ms > WORST_MS_MAX) problems.push(`${name}: the key of an active person is not served`);
    }
    const set = (value: string) => directory('PATCH', `/Users/${id}`, { Operations: [{ op: 'Replace', path: 'active', value }] });
    for (const [value, times, isServed] of [
      ['False', refused, false],
      ['True', again, true],
    ] as const) {
      const begunMs = performance.now();
      const asked = Object.entries(served).map(async ([name, gateway]) => {
        const ms = await untilSaid(gateway, { secret, model, isServed, begunMs });
        times.set(name, [...(times.get(name) ?? []), ms]);
        if (ms > WORST_MS_MAX) problems.push(`${name}: active ${value} counts after ${seconds(ms)} s, at most 5 s`);
      });
      const [{ status }] = await Promise.all([set(value), ...asked]);
      if (status !== 200) problems.push(`active ${value} was answered ${status}`);
    }
  }
  const said = (times: Times) => {
    const all = [...times.values()].flat();
    const each = [...times].map(([name, ms]) => `${name} ${seconds(Math.max(...ms))} s`);
    return `p50 ${seconds(percentile(all, 50))} s of ${all.length}, at worst ${each.join(', ')}`;
  };
  return {
    holds: problems.length === 0,
    figure: `a deactivated person’s next call is refused after ${said(refused)}; a reactivated one’s is served after ${said(again)}`,
    details: problems.slice(0, 10),
  };
}

/** The same where one process answers the directory and two others the requests. */
export async function disablingOnSplitPlanes(model: string, rounds: number): Promise<ProveResult> {
  const fleet = await startFleet({ envOf: (index) => ({ HEADGATE_ROLE: index === 0 ? 'admin' : 'data' }) });
  if (fleet === null) throw new Error('PostgreSQL or Redis is not installed');
  const database = await openClient(fleet.postgres.url);
  try {
    const [admin, one, two] = fleet.replicas as [Gateway, Gateway, Gateway];
    await makeModel(admin, { model, provider: 'fake', upstreamModel: 'fake-small' });
    const found = await disabling({ admin, served: { 'data 1': one, 'data 2': two }, model, rounds }, database);
    const atData = await fetch(`${one.base}/scim/v2/Users`);
    await atData.arrayBuffer();
    const isApart = atData.status === 404;
    return {
      holds: found.holds && isApart,
      figure: `planes apart, through the admin process: ${found.figure}`,
      details: [...(found.details ?? []), ...(isApart ? [] : [`a data process answers the directory with ${atData.status}`])],
    };
  } finally {
    await database.end();
    await fleet.stop();
  }
}

async function personWithKey(admin: Gateway, { teamId }: Tenant, directory: Directory, userName: string) {
  const person = await directory('POST', '/Users', { userName, displayName: 'Leaver', active: true });
  if (person.status !== 201) throw new Error(`a person was answered ${person.status}: ${person.text}`);
  const id = person.body.id as string;
  const organizationId = (await admin.admin<{ organization_id: string }>('GET', `/teams/${teamId}`)).organization_id;
  const member = await admin.admin<{ account_id: string }>('GET', `/organizations/${organizationId}/members/${id}`);
  await admin.admin('POST', `/teams/${teamId}/members`, { account_id: member.account_id, role: 'team_developer' });
  const key = await admin.admin<{ secret: string }>('POST', '/keys', {
    team_id: teamId,
    name: 'own',
    owner: { account_id: member.account_id },
  });
  return { id, secret: key.secret };
}

interface Wanted {
  readonly secret: string;
  readonly model: string;
  readonly isServed: boolean;
  readonly begunMs: number;
}

async function untilSaid(gateway: Gateway, { secret, model, isServed, begunMs }: Wanted): Promise<number> {
  for (;;) {
    const { status } = await chat(gateway, secret, model);
    const afterMs = performance.now() - begunMs;
    if (afterMs > 2 * WORST_MS_MAX) return Number.POSITIVE_INFINITY;
    if ((status === 200) === isServed) return afterMs;
    await sleep(5);
  }
}

function seconds(ms: number): string {
  return (ms / 1_000).toFixed(3);
}

export function percentile(ms: readonly number[], percent: number): number {
  const sorted = ms.toSorted((a, b) => a - b);
  return sorted[Math.ceil((sorted.length * percent) / 100) - 1] ?? Number.NaN;
}
