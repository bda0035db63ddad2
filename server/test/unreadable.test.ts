/** Numbers of a provider that cannot be, and rows, records and configurations that cannot be read: nobody else notices, and no start is refused. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { FrameBuffer } from '../src/ledger/frames.ts';
import { checkHeader } from '../src/ledger/segments.ts';
import { newDataKey } from '../src/lib/secrets.ts';
import { type Gateway, startGateway } from './prove/gateway.ts';
import { type SmallProvider, startSmallProvider } from './prove/small-provider.ts';
import { inDatabase, type Query, type Where } from './prove/stored-rows.ts';
import { type Key, makeCredential, makeKey, makeModel, makeTenant, type Tenant } from './prove/tenant.ts';
import { hasPostgres, openTestDatabase, type TestDatabase } from './support/database.ts';
import { hasRedis, startRedis, type TestRedis } from './support/redis.ts';

const TEST_MS_MAX = 180_000;
const ABSURD = '18446744073709551615';
const LIMITED = {
  rate_limits: { rpm: 1_000, tpm: 900_000_000, tpd: 900_000_000 },
  budgets: [{ amount: '1000.00', period: 'month', action: 'block' }],
};

/** What a provider says to the model `absurd`: more tokens than there are. To any other, what it should. */
const provider = () =>
  startSmallProvider(({ model }) => {
    if (model !== 'absurd') return { text: 'Hello.' };
    const choices = [{ index: 0, message: { role: 'assistant', content: 'Hello.' }, finish_reason: 'stop' }];
    const usage = `{"prompt_tokens":${ABSURD},"completion_tokens":${ABSURD},"total_tokens":${ABSURD}}`;
    return { raw: `{"id":"c","object":"chat.completion","model":"m","choices":${JSON.stringify(choices)},"usage":${usage}}` };
  });

interface House {
  readonly tenant: Tenant;
  readonly key: Key;
}

async function makeHouse(gateway: Gateway, settings: object = LIMITED): Promise<House> {
  const tenant = await makeTenant(gateway, settings);
  return { tenant, key: await makeKey(gateway, tenant, settings) };
}

async function call(gateway: Gateway, { key }: House, model = 'plain'): Promise<number> {
  const response = await fetch(`${gateway.base}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key.secret}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model, max_tokens: 20, messages: [{ role: 'user', content: 'hello' }] }),
  });
  await response.arrayBuffer();
  return response.status;
}

interface Place {
  readonly env: Readonly<Record<string, string>>;
  where(gateway: Gateway): Where;
  /** Loses all that is counted, where something outlives the process. */
  empty(): Promise<void>;
  stop(): Promise<void>;
}

async function embedded(): Promise<Place> {
  return { env: {}, where: ({ dataDir }) => ({ dataDir }), empty: async () => {}, stop: async () => {} };
}

async function shared(): Promise<Place> {
  const [database, redis]: [TestDatabase, TestRedis] = [await openTestDatabase('postgresql'), await startRedis('Redis')];
  const databaseUrl = database.url as string;
  return {
    env: { DATABASE_URL: databaseUrl, REDIS_URL: redis.url, HEADGATE_MASTER_KEY: newDataKey().toString('base64') },
    where: () => ({ databaseUrl }),
    empty: async () => void (await redis.client.call('FLUSHALL')),
    stop: async () => {
      await redis.stop();
      await database.dispose();
    },
  };
}

const PLACES = [
  ['in memory', true, embedded],
  ['with Redis', hasPostgres() && hasRedis('Redis'), shared],
] as const;

for (const [name, isThere, open] of PLACES) {
  describe.skipIf(!isThere)(name, { timeout: TEST_MS_MAX }, () => {
    let place: Place;
    let upstream: SmallProvider;
    let gateway: Gateway | null = null;
    beforeAll(async () => {
      place = await open();
      upstream = await provider();
    });
    afterEach(async () => {
      await gateway?.kill();
      gateway = null;
    });
    afterAll(async () => {
      await upstream.stop();
      await place.stop();
    });

    async function furnish(): Promise<Gateway> {
      const started = await startGateway({ env: place.env });
      const credentialId = await makeCredential(started, 'openai', upstream.baseUrl);
      const at = { provider: 'openai', credentialId } as const;
      await makeModel(started, { ...at, model: `plain`, upstreamModel: 'plain' }).catch(() => {});
      await makeModel(started, { ...at, model: 'absurd', upstreamModel: 'absurd' }).catch(() => {});
      gateway = started;
      return started;
    }

    async function again({ dataDir, adminToken }: Gateway): Promise<Gateway> {
      gateway = await startGateway({ env: place.env, dataDir, adminToken });
      return gateway;
    }

    // promise: No number that a provider can send may throw behind the dialect's border.
    test('2^64 − 1 tokens end no process, harm no other tenant’s call, and keep nobody from starting again', async () => {
      let running = await furnish();
      const [absurd, plain] = [await makeHouse(running), await makeHouse(running)];
      const calls = await Promise.all(
        Array.from({ length: 40 }, (_, at) => (at % 4 === 0 ? call(running, absurd, 'absurd') : call(running, plain))),
      );
      expect(new Set(calls)).toEqual(new Set([200]));
      expect(await running.stop()).toBe(0);
      running = await again(running);
      expect([await call(running, absurd, 'absurd'), await call(running, plain)]).toEqual([200, 200]);
      await running.kill();
      await place.empty();
      running = await again(running);
      expect([await call(running, absurd, 'absurd'), await call(running, plain)]).toEqual([200, 200]);
      const metrics = await (await fetch(`${running.base}/metrics`)).text();
      expect(metrics).toMatch(/headgate_usage_implausible_total\{provider="openai"\} [12]/);
    });

    // promise: No stored row, journal record or configured object can prevent a start
    test('rows and configurations that cannot be read stop no start, and refuse nobody’s requests but their own', async () => {
      let running = await furnish();
      const house = () => makeHouse(running);
      const [plain, absurd, zone, period, limit] = [await house(), await house(), await house(), await house(), await house()];
      const priceless = await makeModel(running, { model: 'priceless', provider: 'fake', upstreamModel: 'fake-small' });
      const sealed = await makeCredential(running, 'openai', upstream.baseUrl);
      await makeModel(running, { model: 'sealed', provider: 'openai', upstreamModel: 'plain', credentialId: sealed });
      for (const one of [plain, absurd, zone, period, limit]) expect(await call(running, one)).toBe(200);
      expect(await running.stop()).toBe(0);
      await inDatabase(place.where(running), (query) =>
        poison(query, { absurd, zone, period, limit, deploymentId: priceless, credentialId: sealed }),
      );
      await place.empty();
      running = await again(running);
      expect(running.output()).toMatch(/stored requests that cannot be read were left out/);
      expect(running.output()).toMatch(/a stored price cannot be read/);
      expect(running.output()).toMatch(/a stored credential cannot be read/);
      expect(await call(running, plain)).toBe(200);
      expect(await call(running, absurd)).toBe(200);
      for (const one of [zone, period, limit]) expect(await call(running, one)).toBe(503);
      expect([await call(running, plain, 'priceless'), await call(running, plain, 'sealed')]).toEqual([403, 503]);
      // Changes of others go on being heard of.
      await running.admin('PATCH', `/keys/${plain.key.id}`, { rate_limits: { rpm: 1 } });
      expect([await call(running, plain), await call(running, plain)]).toContain(429);
      await sleep(500);
      expect(await running.stop()).toBe(0);
    });

    // The file is the same with whatever counters.
    if (open !== shared) {
      // promise: restore skips what it cannot read, says so, and the
      test('records of the journal that cannot be read are told, set aside, and keep nobody from starting', async () => {
        let running = await furnish();
        const plain = await makeHouse(running);
        expect(await call(running, plain)).toBe(200);
        await running.kill();
        const broken = await breakJournal(path.join(running.dataDir, 'journal'), plain);
        running = await again(running);
        expect(running.output()).toMatch(/journal: a part of a file cannot be read/);
        expect(await call(running, plain)).toBe(200);
        expect(await running.stop()).toBe(0);
        expect(readFileSync(path.join(running.dataDir, 'rejected-rows.txt'), 'utf8')).toContain('E\treq_0');
        expect(readdirSync(path.join(running.dataDir, 'journal')).filter((file) => file.endsWith('.damaged'))).toEqual([
          `${path.basename(broken)}.damaged`,
        ]);
        const requests = await inDatabase(place.where(running), (query) =>
          query(`select status from requests where organization_id = '${plain.tenant.organizationId}'`),
        );
        expect(requests.map(({ status }) => status)).toEqual(['succeeded', 'succeeded']);
      });
    }
  });
}

interface Poisoned {
  readonly absurd: House;
  readonly zone: House;
  readonly period: House;
  readonly limit: House;
  readonly deploymentId: string;
  readonly credentialId: string;
}

/** What an older or a newer version, or a disk, may have left. */
async function poison(query: Query, { absurd, zone, period, limit, deploymentId, credentialId }: Poisoned): Promise<void> {
  const { organizationId } = absurd.tenant;
  await query(`update request_records set total_tokens = 9007199254740993, input_tokens = 9007199254740993, status = 'paused'
    where organization_id = short_id('org', '${organizationId}')`);
  await query(`update ledger_records set total_tokens = 9007199254740993, input_tokens = 9007199254740993, nano_usd = -5
    where organization_id = short_id('org', '${organizationId}')`);
  await query(`update organizations set time_zone = 'Mars/Olympus' where id = '${zone.tenant.organizationId}'`);
  await query(`update budgets set period = '{"is":"fortnight"}' where organization_id = '${period.tenant.organizationId}'`);
  await query(`update keys set model_limits = '[{"rate_limits":{"rpm":1}}]' where id = '${limit.key.id}'`);
  await query(`update prices set per_million = '{"input":1.5,"output":"many"}' where deployment_id = '${deploymentId}'`);
  await query(`update credentials set sealed = '\\x00ff' where id = '${credentialId}'`);
}

/** Adds a file of whole frames that hold no records: of a begin, of an end, of refusals that share a row, and of nothing known. */
async function breakJournal(directory: string, { tenant, key }: House): Promise<string> {
  const last = readdirSync(directory)
    .filter((file) => /^journal-\d+\.log$/.test(file))
    .sort()
    .at(-1) as string;
  const bytes = readFileSync(path.join(directory, last));
  const installation = installationOf(bytes);
  const number = Number(/\d+/.exec(last)?.[0]) + 1;
  const file = path.join(directory, `journal-${String(number).padStart(12, '0')}.log`);
  const frames = new FrameBuffer();
  const id = (nth: number) => `req_0${nth}9aaaaaaaaa7aaa8aaaaaaaaaaaaaaa`;
  const who = `${tenant.organizationId}\t${tenant.teamId}\t${key.id}\t\t\tplain`;
  const lines = [
    `H\t1\t${installation}\t${number}`,
    `B\t${id(1)}\tNaN\t${who}\t\tchat_completions\tf\t1\tdep_1\topenai\tm\tprice_1\tmany\t-4\t1e400\t`,
    `B\t${id(2)}`,
    `E\t${id(3)}\t99999999999999999999\t${who}`,
    `E\t${id(4)}\t${Date.now()}\t${who}\t\tpaused\t200\t\t\tx\tf\t\t\t1\t\t1\t\t\t\t1\t\t{not json\t1\x1f1\x1e\x1f`,
    `O\t${id(5)}\tsoon\t${who}`,
    `R\t${id(6)}\t${id(5)}`,
    `S\tshape\t${tenant.organizationId}\t{not json`,
    `Z\twhat a newer version writes`,
    'E',
  ];
  for (const line of lines) {
    frames.open();
    frames.text(`${line}\n`);
    frames.close();
  }
  writeFileSync(file, frames.bytes.subarray(0, frames.length), { mode: 0o600 });
  return file;
}

function installationOf(bytes: Buffer): string {
  const found = /H\t1\t([^\t]+)\t/.exec(bytes.toString('latin1', 0, 200))?.[1] as string;
  if (checkHeader(bytes, 'journal', found) !== 'ours') throw new Error('the journal has no header');
  return found;
}
