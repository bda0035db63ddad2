// What a token of a workload costs in place of a key's secret: one that is cached, and one that is refused over and over.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Pool } from 'undici';
import { jsonAnswerBody } from '../../../bench/src/exchange.ts';
import { cpuUs } from '../../../bench/src/machine.ts';
import { type Estimate, estimate } from '../../../bench/src/ratios.ts';
import { newKeySecret } from '../../src/lib/secrets.ts';
import { startPostgres } from '../support/postgres.ts';
import type { TokenIssuer } from '../support/token-issuer.ts';
import { PUBLIC_URL, slugOf, TRUST_SETTINGS, trust } from '../workload/trusting.ts';
import { type Gateway, startGateway } from './gateway.ts';
import { type ProveOptions, type ProveResult, unmet } from './prove.ts';
import { makeCredential, makeKey, makeModel, makeTenant } from './tenant.ts';

/** The most that a request with a cached token may cost, relative to one with a key's secret. */
const CACHED_RATIO_MAX = 1.05;
/** The most that a refused token that comes over and over may cost, relative to a secret that nobody knows. */
const REFUSED_RATIO_MAX = 2;
const WIDTH_MAX = 0.04;
const AT_ONCE = 16;
/**
 * The requests of a slice. On a shared machine the cost of a request moves by a third from one second to the next, so slices are short
 * and many: 625 pairs of 64 requests were sure to within 0.04, and 80 pairs of 500 to within 0.23.
 */
const SLICE = 64;

/** The gateway stores in PostgreSQL if there is one: in the embedded database a request costs three times as much, and hides more. */
export async function costOfTokens(issuer: TokenIssuer, { quick, doing = () => {} }: ProveOptions): Promise<ProveResult[]> {
  const vendor = createServer((request, response) => {
    request.resume().on('end', () => response.writeHead(200, { 'content-type': 'application/json' }).end(jsonAnswerBody));
  });
  vendor.listen(0, '127.0.0.1');
  await once(vendor, 'listening');
  const postgres = await startPostgres();
  const database = postgres === null ? {} : { DATABASE_URL: postgres.url };
  const gateway = await startGateway({ env: { ...TRUST_SETTINGS, ...database, HEADGATE_ALLOWED_UPSTREAMS: '127.0.0.1' } });
  const pool = new Pool(gateway.base, { connections: AT_ONCE, pipelining: 1 });
  try {
    const credentialId = await makeCredential(gateway, 'openai', `http://127.0.0.1:${(vendor.address() as AddressInfo).port}/v1`);
    await makeModel(gateway, { model: 'fast', provider: 'openai', upstreamModel: 'up', credentialId });
    const tenant = await makeTenant(gateway);
    await trust(gateway, tenant, issuer, { direct: true });
    const claims = { aud: `${PUBLIC_URL}/trust/${await slugOf(gateway, tenant)}`, sub: 'job', repository_id: '42' };
    doing('the CPU of tokens and keys');
    const key = { secret: (await makeKey(gateway, tenant)).secret, status: 200 };
    const cached = await compared({ gateway, pool }, { secret: await issuer.sign(claims), status: 200 }, key, quick);
    doing('a flood of one refused token');
    const unknown = { secret: newKeySecret(), status: 401 };
    // The issuer signed it, so without a memory each request would be a query and a verification.
    const refused = { secret: await issuer.sign({ ...claims, repository_id: '43' }), status: 401 };
    return [judgedCached(cached, quick), judgedRefused(await compared({ gateway, pool }, refused, unknown, quick), quick)];
  } finally {
    await pool.close();
    await gateway.stop();
    await postgres?.stop();
    vendor.closeAllConnections();
    vendor.close();
  }
}

function judgedCached({ ratio: { median, low, high, rounds } }: Comparison, quick: boolean): ProveResult {
  const figure = `a cached token costs ${median.toFixed(3)} × the CPU of a key (${low.toFixed(3)}–${high.toFixed(3)}, ${rounds} rounds)`;
  // Few rounds say only that both are served.
  if (quick) return { holds: true, figure: `${figure}, not judged` };
  const details = unmet({
    [`a cached token costs at most ${CACHED_RATIO_MAX} × a key’s CPU`]: median <= CACHED_RATIO_MAX,
    [`measured to within ${WIDTH_MAX}`]: high - low < WIDTH_MAX,
  });
  return { holds: details.length === 0, figure, details };
}

function judgedRefused({ ratio: { median, low, high }, us }: Comparison, quick: boolean): ProveResult {
  const times = `${median.toFixed(2)} × an unknown secret (${low.toFixed(2)}–${high.toFixed(2)})`;
  const figure = `a refused token over and over costs ${Math.round(us)} µs of CPU, ${times}`;
  if (quick) return { holds: true, figure: `${figure}, not judged` };
  const details = unmet({
    [`a refused token costs at most ${REFUSED_RATIO_MAX} × an unknown secret`]: median <= REFUSED_RATIO_MAX,
  });
  return { holds: details.length === 0, figure, details };
}

interface Site {
  readonly gateway: Gateway;
  readonly pool: Pool;
}

/** A secret, and the status with which its requests are answered. */
interface Presented {
  readonly secret: string;
  readonly status: number;
}

/** The microseconds of CPU for a request with the first secret, and their ratio to those with the other. */
interface Comparison {
  readonly us: number;
  readonly ratio: Estimate;
}

/** Compares two secrets in one process, slice by slice. Each comes first every other round. */
async function compared(site: Site, one: Presented, other: Presented, quick: boolean): Promise<Comparison> {
  // The first requests pay for the compiler and for the proof of the token.
  for (let warm = 0; warm < (quick ? 6 : 180); warm += 1) for (const presented of [one, other]) await slice(site, presented);
  const costs: number[] = [];
  const ratios: number[] = [];
  for (let round = 0; round < (quick ? 12 : 1_200); round += 1) {
    const spent = new Map<Presented, number>();
    for (const presented of round % 2 === 0 ? [one, other] : [other, one]) spent.set(presented, await slice(site, presented));
    costs.push((spent.get(one) as number) / SLICE);
    ratios.push((spent.get(one) as number) / (spent.get(other) as number));
  }
  return { us: estimate(costs).median, ratio: estimate(ratios) };
}

const BODY = JSON.stringify({ model: 'fast', messages: [{ role: 'user', content: 'hello' }] });

/** Returns the microseconds of CPU that the gateway spends on a slice. Throws if one is answered with another status. */
async function slice({ gateway: { pid }, pool }: Site, { secret, status }: Presented): Promise<number> {
  const before = cpuUs(pid);
  let left = SLICE;
  const work = async () => {
    while (left > 0) {
      left -= 1;
      const { statusCode, body } = await pool.request({
        method: 'POST',
        path: '/v1/chat/completions',
        headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
        body: BODY,
      });
      const text = await body.text();
      if (statusCode !== status) throw new Error(`a request was answered with ${statusCode}: ${text.slice(0, 300)}`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return cpuUs(pid) - before;
}
