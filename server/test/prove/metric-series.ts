// How many series a scrape has when requests of ten thousand organizations were served, with organizations unnamed and named.
import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { openStores } from '../../src/boot/open-stores.ts';
import { createLogger } from '../../src/lib/log.ts';
import { hashSecret } from '../../src/lib/secrets.ts';
import { readConfig } from '../../src/settings/config.ts';
import { seed, seedSecret } from '../../src/store/installation/seed.ts';
import { type Gateway, startGateway, temporaryDirectory } from './gateway.ts';
import { putDatabase } from './prepared-database.ts';
import { type ProveOptions, type ProveResult, unmet } from './prove.ts';

const NAMED_MAX = 100;
/** Of each named organization, and of the rest together: one status, three directions of tokens, spend. */
const SERIES_EACH = 5;
const AT_ONCE = 16;
/** An organization's first request waits for its past; while the embedded database is busy with a job over all of them it is refused, and comes again. */
const PATIENCE_MS = 60_000;
const PAUSE_MS = 300;
/** Labels from closed lists that show once something happened: a code of a request that was sent again, a job that ran. */
const LATER_MAX = 40;

export async function run({ quick }: ProveOptions): Promise<ProveResult> {
  const organizations = quick ? 150 : 10_000;
  const dataDir = temporaryDirectory();
  await putDatabase(dataDir);
  await seedOrganizations(dataDir, organizations);
  const gateway = await startGateway({ dataDir, env: { HEADGATE_METRICS_ORGANIZATIONS: String(NAMED_MAX) } });
  try {
    await callAs(gateway, 0, 1);
    const few = await seriesOf(gateway);
    const startedMs = performance.now();
    const served = 1 + (await callAs(gateway, 1, organizations));
    const seconds = (performance.now() - startedMs) / 1_000;
    const many = await seriesOf(gateway);
    const named = many.named - few.named;
    const details = unmet({
      [`${organizations} organizations are served`]: served === organizations,
      [`at most ${LATER_MAX} series come with the organizations`]: many.others - few.others <= LATER_MAX,
      [`${named} series name organizations, at least ${NAMED_MAX * SERIES_EACH}`]: named >= NAMED_MAX * SERIES_EACH,
      [`${named} series name organizations, at most ${(NAMED_MAX + 1) * (SERIES_EACH + 1)}`]:
        named <= (NAMED_MAX + 1) * (SERIES_EACH + 1),
    });
    return {
      holds: details.length === 0,
      details,
      figure: `series at ${organizations.toLocaleString('en-US')} organizations ${many.others} (at one ${few.others}); with HEADGATE_METRICS_ORGANIZATIONS=${NAMED_MAX} ${many.named} more, the rest as one; scrape ${many.bytes} bytes in ${many.ms.toFixed(0)} ms (${served} served in ${seconds.toFixed(0)} s)`,
    };
  } finally {
    await gateway.kill();
  }
}

/** Organizations with one key each, whose secrets are those of the seeder's keys of the same number. */
async function seedOrganizations(dataDir: string, organizations: number): Promise<void> {
  const stores = await openStores(readConfig({ HEADGATE_DATA_DIR: dataDir }), createLogger('text'));
  try {
    const { database, installation, audit } = stores;
    const size = { organizations, keys: 1, requests: 1, days: 1, untilMs: Date.now() };
    await seed({ database, pepper: installation.pepper, audit }, size, () => {});
    await database.pool.query(`delete from key_secrets`);
    const hashes = Array.from({ length: organizations }, (_, at) => hashSecret(installation.pepper, seedSecret(at)));
    await database.pool.query(
      `with given as (
         select organization_id, id as service_account_id, team_id, row_number() over (order by organization_id) - 1 as n
         from (select distinct on (organization_id) organization_id, id, team_id from service_accounts order by organization_id, id) as first
       ), made as (
         insert into keys (organization_id, id, team_id, name, owner_service_account_id, prefix, last_four, created_by)
         select organization_id, 'key_' || lpad(n::text, 32, '0'), team_id, 'only', service_account_id, 'sk-hg-seed', '', 'seed' from given
       )
       insert into key_secrets (hash, organization_id, key_id)
       select decode(($1::text[])[n + 1], 'hex'), organization_id, 'key_' || lpad(n::text, 32, '0') from given`,
      [hashes],
    );
  } finally {
    await stores.close();
  }
}

/** One request of each organization from `from` on; how many were answered with 200. */
async function callAs(gateway: Gateway, from: number, to: number): Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });
  let next = from;
  let served = 0;
  const lane = async () => {
    for (let at = next++; at < to; at = next++) if (await isServed(gateway, seedSecret(at), agent)) served += 1;
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
  agent.destroy();
  return served;
}

async function isServed(gateway: Gateway, secret: string, agent: Agent): Promise<boolean> {
  for (const untilMs = performance.now() + PATIENCE_MS; performance.now() < untilMs; ) {
    if ((await call(gateway, secret, agent)) === 200) return true;
    await sleep(PAUSE_MS);
  }
  return false;
}

function call(gateway: Gateway, secret: string, agent: Agent): Promise<number> {
  const headers = { authorization: `Bearer ${secret}`, 'content-type': 'application/json' };
  return new Promise((resolve, reject) => {
    const sent = request(`${gateway.base}/v1/chat/completions`, { method: 'POST', headers, agent }, (response) => {
      response.resume();
      response.on('end', () => resolve(response.statusCode ?? 0));
    });
    sent.on('error', reject);
    sent.end(JSON.stringify({ model: 'seed-small', messages: [{ role: 'user', content: 'Hello' }] }));
  });
}

async function seriesOf(gateway: Gateway) {
  const startedMs = performance.now();
  const text = await (await fetch(`${gateway.base}/metrics`)).text();
  const series = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  const named = series.filter((line) => line.startsWith('headgate_organization_')).length;
  return { named, others: series.length - named, bytes: text.length, ms: performance.now() - startedMs };
}
