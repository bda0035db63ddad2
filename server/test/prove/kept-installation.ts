/** An installation that has been used, and the questions whose answers must not change whatever becomes of its database. */
import { setTimeout as sleep } from 'node:timers/promises';
import { chat } from './data-plane.ts';
import type { Gateway } from './gateway.ts';
import { makeKey, makeModel, makeTenant } from './tenant.ts';

export interface Written {
  readonly organizationId: string;
  readonly secrets: readonly string[];
  readonly requestIds: readonly string[];
}

/** Calls that pass and calls that a limit refuses, of a person's key and of service accounts'. */
export async function write(gateway: Gateway, calls: number): Promise<Written> {
  await makeModel(gateway, { model: 'kept', provider: 'fake', upstreamModel: 'fake-small' });
  const tenant = await makeTenant(gateway, { budgets: [{ amount: '50.00', period: 'month' }], audit: { content: 'off' } });
  const account = await gateway.admin<{ id: string }>('POST', '/accounts', { email: 'kept@headgate.test', name: 'Kept' });
  await gateway.admin('POST', `/teams/${tenant.teamId}/members`, { account_id: account.id, role: 'team_developer' });
  const keys = [
    await makeKey(gateway, tenant),
    await makeKey(gateway, tenant, { owner: { account_id: account.id }, rate_limits: { rpd: 3 } }),
    await makeKey(gateway, tenant, { budgets: [{ amount: '1.00', period: 'day' }] }),
  ];
  const requestIds: string[] = [];
  for (let call = 0; call < calls; call += 1) {
    const said = await chat(gateway, (keys[call % keys.length] as { secret: string }).secret, 'kept');
    requestIds.push(said.headers.get('x-request-id') as string);
  }
  await counted(gateway, tenant.organizationId, calls);
  await settled(gateway);
  return { organizationId: tenant.organizationId, secrets: keys.map(({ secret }) => secret), requestIds };
}

interface Usage {
  readonly total: { readonly requests: number; readonly refused_requests: number };
}

/** Until every call is in the totals: refusals beyond the first few of a second are added up before they are told. */
async function counted(gateway: Gateway, organizationId: string, calls: number): Promise<void> {
  for (let tries = 0; tries < 150; tries += 1) {
    const { total } = await gateway.admin<Usage>('GET', `/usage?organization_id=${organizationId}`);
    if (total.requests + total.refused_requests === calls) return;
    await sleep(100);
  }
  throw new Error('not every call is counted after fifteen seconds');
}

/** Until nothing that was answered is missing in the database. */
export async function settled(gateway: Gateway): Promise<void> {
  for (let tries = 0; tries < 100; tries += 1) {
    const { journal } = await gateway.admin<{ journal: { unstored_rows: number } }>('GET', '/health');
    if (journal.unstored_rows === 0) return;
    await sleep(100);
  }
  throw new Error('what was answered is not stored after ten seconds');
}

/** What was answered before and is answered otherwise now, whether an old key is still served, and whether the audit chain is whole. */
export interface Comparison {
  readonly holds: boolean;
  readonly figure: string;
  readonly details: readonly string[];
}

/** Asks the gateway that has the installation now what the one before was asked. */
export async function compare(before: Record<string, unknown>, now: Gateway, written: Written): Promise<Comparison> {
  const after = await readAll(now, written);
  const differences = Object.keys(before).flatMap((question) => lost(before[question], after[question], question));
  const served = await chat(now, written.secrets[0] as string, 'kept');
  const verdict = await now.admin<{ intact?: boolean }>('GET', '/audit-events/verify');
  const isIntact = JSON.stringify(verdict).includes('"intact":true');
  return {
    holds: differences.length === 0 && served.status === 200 && isIntact,
    figure: `${Object.keys(before).length} answers asked of both, ${differences.length} differences; an old key is answered ${served.status}; the audit chain is ${isIntact ? 'intact' : 'BROKEN'}`,
    details: [...differences.slice(0, 20), ...(isIntact ? [] : [JSON.stringify(verdict).slice(0, 500)])],
  };
}

/** The answers that must not change. Live figures, which go by the clock, are left out of them. */
export async function readAll(gateway: Gateway, { organizationId, requestIds }: Written): Promise<Record<string, unknown>> {
  const groups = 'organization,team,key,member,model,provider';
  const questions = [
    `/usage?organization_id=${organizationId}&group_by=${groups}`,
    `/organizations/${organizationId}`,
    `/organizations/${organizationId}/teams`,
    `/organizations/${organizationId}/keys`,
    `/organizations/${organizationId}/members`,
    `/organizations/${organizationId}/audit-events?limit=200`,
    '/deployments',
    '/accounts',
    `/requests?organization_id=${organizationId}&limit=200`,
    ...requestIds.slice(0, 60).map((id) => `/decisions/${id}`),
    ...requestIds.slice(0, 20).map((id) => `/requests/${id}`),
  ];
  const answers: Record<string, unknown> = {};
  for (const question of questions) answers[question] = await gateway.admin('GET', question);
  return answers;
}

/** What goes by the clock, or is judged a little later than it happens. */
const LIVE = new Set([
  'limits_status',
  'standing',
  'last_used_at',
  'next_cursor',
  'capabilities',
  'to',
  'from',
  'health',
  'cooling_until',
]);

/** What the earlier answer said and the later one does not; new fields may stand beside. */
function lost(before: unknown, after: unknown, where: string): string[] {
  if (Array.isArray(before)) {
    if (!Array.isArray(after) || after.length !== before.length)
      return [`${where}: ${before.length} before, ${Array.isArray(after) ? after.length : 'none'} now`];
    return before.flatMap((one, index) => lost(one, after[index], `${where}[${index}]`));
  }
  if (typeof before === 'object' && before !== null) {
    if (typeof after !== 'object' || after === null) return [`${where}: gone`];
    const now = after as Record<string, unknown>;
    // The attempts of a deployment are those of the last hour; those of a request are a number.
    const isLive = (name: string, value: unknown) => LIVE.has(name) || (name === 'attempts' && typeof value === 'object');
    return Object.entries(before).flatMap(([name, value]) =>
      isLive(name, value) ? [] : lost(value, now[name], `${where}.${name}`),
    );
  }
  // A sentence is made of the facts beside it, which are compared. Its words may become plainer.
  if (where.endsWith('.sentence') && typeof before === 'string' && typeof after === 'string' && after !== '') return [];
  return before === after ? [] : [`${where}: ${JSON.stringify(before)} before, ${JSON.stringify(after)} now`];
}
