import { describe, expect, test } from 'vitest';
import type { ProcessFacts } from '../../src/admin/http/deps.ts';
import { readConfig } from '../../src/settings/config.ts';
import { withDatabase } from '../support/database.ts';
import { makeDeployment, upstream } from './catalogue-support.ts';
import { must, withAdmin } from './support.ts';

const config = readConfig({
  HEADGATE_PORT: '4100',
  HEADGATE_ADMIN_TOKEN: 'hgadm_canary-of-24-letters',
  DATABASE_URL: 'postgres://u:canary@x/y',
});
const facts: ProcessFacts = {
  version: '1.2.3',
  isDemo: false,
  settings: config.inForce,
  inFlight: () => [],
  databaseAwaySinceMs: () => null,
  deploymentUse: () => ({ requests: 3, tokens: 40, resetsInMs: 15_000 }),
  health: () => ({
    notReady: 'draining',
    version: '1.2.3',
    startedAtMs: Date.UTC(2026, 0, 1),
    database: { kind: 'postgresql', status: 'away' },
    unstored: { rows: 3, bytes: 900, ageMs: 1_234.5 },
    rejectedRows: 1,
    journalBytes: 4_096,
    journalBytesMax: 65_536,
    requestsInFlight: 2,
    cooling: [{ deploymentId: 'dep_a', untilMs: Date.UTC(2026, 0, 2) }],
    inMemory: { organizations: 1, keys: 2, counters: 3 },
  }),
};
const world = withAdmin(withDatabase(), { process: facts, upstream });

describe('the answering process', () => {
  test('says how it fares to whoever may read what is the platform’s', async () => {
    const answer = await world().as([{ role: 'platform_auditor' }])('GET', '/health');
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({
      status: 'not_ready',
      reason: 'draining',
      version: '1.2.3',
      started_at: '2026-01-01T00:00:00.000Z',
      database: { kind: 'postgresql', status: 'away' },
      journal: {
        unstored_rows: 3,
        unstored_bytes: 900,
        oldest_unstored_ms: 1_235,
        rejected_rows: 1,
        file_bytes: 4_096,
        bytes_max: 65_536,
      },
      requests_in_flight: 2,
      cooling_deployments: [{ deployment_id: 'dep_a', until: '2026-01-02T00:00:00.000Z' }],
      in_memory: { organizations: 1, keys: 2, counters: 3 },
      caller_address: '127.0.0.1',
    });
  });

  test('lists the settings in force, and shows no secret among them', async () => {
    const answer = await world().root('GET', '/settings');
    expect(answer.status).toBe(200);
    expect(answer.text).not.toContain('canary');
    const named = (name: string) => answer.body.data.find((setting: { name: string }) => setting.name === name);
    expect(named('HEADGATE_PORT')).toMatchObject({ value: '4100', default: '4000', is_set: true, is_secret: false });
    expect(named('HEADGATE_ADMIN_TOKEN')).toMatchObject({ value: null, is_set: true, is_secret: true });
    expect(named('HEADGATE_MASTER_KEY')).toMatchObject({ value: null, is_set: false, is_secret: true });
    expect(answer.body.next_cursor).toBeNull();
  });

  test('tells a tenant neither, and takes no change of a setting', async () => {
    const owner = world().as([{ role: 'org_owner', organizationId: 'org_x' }]);
    expect([(await owner('GET', '/health')).status, (await owner('GET', '/settings')).status]).toEqual([403, 403]);
    expect((await world().root('PATCH', '/settings', { HEADGATE_PORT: '1' })).status).toBe(405);
  });

  test('says of a limited deployment how much of its minute is used, in the list and alone, and of another nothing', async () => {
    const { root } = world();
    const limited = (limits: object) => makeDeployment(root, 'busy', { limits });
    const [full, half, free] = [await limited({ rpm: 3 }), await limited({ tpm: 41 }), await limited({})];
    const use = { requests: 3, tokens: 40, resets_at: '2026-03-10T12:00:15.000Z' };
    expect(must(await root('GET', `/deployments/${full.id}`)).capacity_use).toEqual({ ...use, is_full: true });
    expect(must(await root('GET', `/deployments/${half.id}`)).capacity_use).toEqual({ ...use, is_full: false });
    const { data } = must(await root('GET', '/deployments?search=busy&sort=created_at'));
    expect(data.map(({ id, capacity_use }: { id: string; capacity_use: object | null }) => [id, capacity_use])).toEqual([
      [full.id, { ...use, is_full: true }],
      [half.id, { ...use, is_full: false }],
      [free.id, null],
    ]);
  });
});
