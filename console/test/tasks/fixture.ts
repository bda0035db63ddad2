/** The gateway on which the ten tasks are done: the demo, with something to find for each of them, and requests of two months. */
import path from 'node:path';
import type { EndRecord } from '../../../server/src/ledger/records.ts';
import { markKeysUsed } from '../../../server/src/store/tenancy/keys.ts';
import { storeRecords } from '../../../server/test/admin/usage-support.ts';
import { type Gateway, startGateway } from '../../../server/test/prove/gateway.ts';
import { withEmbedded } from '../../../server/test/support/in-process.ts';
import { givenEnd, givenEntry } from '../../../server/test/support/records.ts';
import { called, type House, openHouse } from '../support.ts';
import { openVendor, type Vendor } from '../vendor.ts';

export interface TaskHouse {
  readonly house: House;
  readonly vendor: Vendor;
  readonly supportId: string;
  readonly researchId: string;
  readonly person: { readonly name: string; readonly email: string; readonly accountId: string };
  readonly leakedKeyId: string;
  readonly failing: { readonly key: string; readonly requestId: string };
  readonly credential: { readonly id: string; readonly name: string };
  /** Whole months, UTC: [start, end). */
  readonly months: { readonly last: Month; readonly present: Month };
  close(): Promise<void>;
}

export interface Month {
  readonly from: string;
  readonly to: string;
  /** As people write it: `October 2026`. */
  readonly name: string;
}

const ORIGIN = { HEADGATE_DEMO: 'on', HEADGATE_ALLOWED_WEBHOOKS: '127.0.0.1' };
const DAY_MS = 86_400_000;
/** Enough spend that two months differ in every digit that is shown. */
const DAILY_NANO_USD = { last: 412_345_678, present: 523_456_789 };

interface Listed {
  readonly data: readonly { readonly id: string; readonly name: string }[];
}

export async function openTaskHouse(): Promise<TaskHouse> {
  const months = { last: monthAt(-1), present: monthAt(0) };
  const first = await startGateway({ env: ORIGIN });
  const records = await pastOf(first, months);
  await first.stop();
  await withEmbedded(path.join(first.dataDir, 'database'), async (database) => {
    await storeRecords(database, records);
    // What the gateway does when it admits a request.
    await markKeysUsed(
      database.db,
      records.slice(-1).map(({ organizationId, keyId, admittedAtMs }) => ({ organizationId, keyId, atMs: admittedAtMs })),
    );
  });
  const house = await openHouse({}, { dataDir: first.dataDir, adminToken: first.adminToken });
  const vendor = await openVendor(['vendor-model']);
  const { supportId, researchId } = await teamsOf(house);
  const person = await makePerson(house);
  return {
    ...{ house, vendor, supportId, researchId, person, months },
    leakedKeyId: (await house.api<{ id: string }>('POST', '/keys', { team_id: researchId, name: 'old laptop' })).id,
    failing: await makeFailure(house, supportId),
    credential: await makeCredential(house, vendor),
    close: async () => {
      await house.gateway.stop();
      vendor.close();
    },
  };
}

function monthAt(by: number): Month {
  const first = Temporal.Now.plainDateISO('UTC').with({ day: 1 }).add({ months: by });
  const next = first.add({ months: 1 });
  return {
    from: `${first}T00:00:00Z`,
    to: `${next}T00:00:00Z`,
    name: first
      .toLocaleString('en-US', { month: 'long', year: 'numeric', calendar: 'iso8601' })
      .replace(/^(\d+) (\w+)$/, '$2 $1'),
  };
}

async function pastOf({ admin }: Gateway, { last, present }: TaskHouse['months']): Promise<readonly EndRecord[]> {
  const { data: organizations } = await admin<Listed>('GET', '/organizations');
  const { data: teams } = await admin<Listed>('GET', `/organizations/${organizations[0]?.id}/teams`);
  const { data: keys } = await admin<{ data: { id: string; team: { id: string } | null; team_id?: string }[] }>('GET', '/keys');
  const { data: deployments } = await admin<{ data: { id: string; model: string }[] }>('GET', '/deployments');
  const deployment = deployments.find(({ model }) => model === 'smart');
  const ofDay = (atMs: number, nanoUsd: number) =>
    givenEnd({
      organizationId: organizations[0]?.id as string,
      teamId: teams[0]?.id as string,
      keyId: keys[0]?.id as string,
      calledName: 'smart',
      admittedAtMs: atMs,
      deploymentId: deployment?.id as string,
      provider: 'fake',
      entries: [givenEntry({ deploymentId: deployment?.id as string, provider: 'fake', upstreamModel: 'fake-large', nanoUsd })],
      decision: '',
    });
  const days = (month: Month, nanoUsd: number) => {
    const [fromMs, toMs] = [Date.parse(month.from), Math.min(Date.parse(month.to), Date.now() - 3_600_000)];
    const count = Math.max(0, Math.floor((toMs - fromMs) / DAY_MS));
    return Array.from({ length: count }, (_, day) => ofDay(fromMs + day * DAY_MS + DAY_MS / 2, nanoUsd + day));
  };
  return [...days(last, DAILY_NANO_USD.last), ...days(present, DAILY_NANO_USD.present)];
}

async function teamsOf(house: House): Promise<{ supportId: string; researchId: string }> {
  const { data } = await house.api<Listed>('GET', `/organizations/${house.organizationId}/teams`);
  const idOf = (name: string) => data.find((team) => team.name === name)?.id as string;
  // What the audit log is asked for.
  await house.as('org_admin')('PATCH', `/teams/${idOf('Support')}`, { rate_limits: { rpm: 250 } });
  await house.as('org_owner')('PATCH', `/teams/${idOf('Research')}`, { rate_limits: { rpm: 150, tpm: 100_000 } });
  return { supportId: idOf('Support'), researchId: idOf('Research') };
}

async function makePerson(house: House): Promise<TaskHouse['person']> {
  const [name, email] = ['Katherine Johnson', 'katherine@acme.test'];
  const { id: accountId } = await house.api<{ id: string }>('POST', '/accounts', { email, name });
  await house.api('POST', `/organizations/${house.organizationId}/members`, { account_id: accountId, role: 'org_member' });
  return { name, email, accountId };
}

/** A call that its provider answered with an error, from a key that the demo's organization has. */
async function makeFailure(house: House, team_id: string): Promise<TaskHouse['failing']> {
  const prices = { input_per_million: '0.05', output_per_million: '0.40' };
  const deployment = {
    model: 'reports',
    provider: 'fake',
    upstream_model: 'fake-500',
    mode: 'chat',
    max_output_tokens: 4096,
    prices,
  };
  await house.api('POST', '/deployments', deployment);
  // The team may call what the access group is for.
  await house.api('PUT', '/callable-targets/reports/access-groups', { access_groups: ['support'] });
  const key = 'billing bot';
  const { secret } = await house.api<{ secret: string }>('POST', '/keys', { team_id, name: key });
  const { requestId } = await called(house, secret, 'reports');
  for (let tries = 0; tries < 100; tries += 1) {
    if ((await house.gateway.ask('GET', `/requests/${requestId}`)).status === 200) return { key, requestId };
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error('the failed request is not in the log after ten seconds');
}

async function makeCredential(house: House, { baseUrl: base_url, apiKey: api_key }: Vendor): Promise<TaskHouse['credential']> {
  const name = 'Vendor main';
  const { id } = await house.api<{ id: string }>('POST', '/credentials', { name, provider: 'openai', api_key, base_url });
  return { id, name };
}
