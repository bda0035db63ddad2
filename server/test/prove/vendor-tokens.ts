// Tokens of Azure and Vertex AI: the addresses that calls take, one fetch for many calls, hostile servers of tokens, and where secrets end up.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CredentialKind } from '../../src/domain/routing/credential.ts';
import { createFakeProvider } from '../../src/providers/fake/fake-provider.ts';
import { CLOUD_ADDRESSES } from '../support/cloud-addresses.ts';
import { sentTo } from '../support/cloud-calls.ts';
import { CANARIES, type CloudSite, cloudCredential, openCloudSite, SERVICE_ACCOUNT } from '../support/cloud-site.ts';
import { HOSTILE_TOKENS, type HostileAnswer } from '../support/hostile-tokens.ts';
import { deployment, model, openHouse, type Said, type WalkHouse } from '../support/walk.ts';
import { allOf, type ProveOptions, type ProveResult } from './prove.ts';

const CALLS = 200;
const HELLO = { model: 'fast', max_tokens: 50, messages: [{ role: 'user', content: 'hello' }] };
/** A token that lasts so long is renewed after 6 s and not used after 7 s. */
const SHORT_S = 12;
const SHORT_LOAD_MS = 20_000;

interface Kind {
  readonly provider: 'azure' | 'vertex';
  readonly kind: CredentialKind;
}
const KINDS: readonly Kind[] = [
  { provider: 'azure', kind: 'azure_entra' },
  { provider: 'azure', kind: 'ambient' },
  { provider: 'vertex', kind: 'gcp_service_account' },
  { provider: 'vertex', kind: 'ambient' },
];

/** Servers of tokens that never end their answer. Each is waited for as long as a call waits. */
const ENDLESS: readonly HostileAnswer[] = [
  { name: 'a server that hangs', says: 'no token was issued within 10 s', answer: () => {} },
  {
    name: 'a server whose answer trickles',
    says: 'no token was issued within 10 s',
    answer: (_, response) => {
      response.writeHead(200, { 'metadata-flavor': 'Google' });
      const timer = setInterval(() => response.write(' '), 200);
      response.on('close', () => clearInterval(timer));
    },
  },
];

export async function run({ quick }: ProveOptions): Promise<ProveResult> {
  const searched: Searched = { texts: 0, found: [], sent: 0 };
  const checks = [await addresses(), await oneRefresh(searched), await hostile(searched)];
  if (!quick) checks.push(await renewals(searched));
  return allOf([...checks, canaries(searched)]);
}

/** Compares the addresses of calls with those of the clouds' documentation. */
export async function addresses(): Promise<ProveResult> {
  const wrong: string[] = [];
  for (const row of CLOUD_ADDRESSES) {
    const { url } = await sentTo(row);
    if (url !== row.url) wrong.push(`${url}, and not ${row.url}`);
  }
  const right = CLOUD_ADDRESSES.length - wrong.length;
  return { holds: wrong.length === 0, figure: `URLs of table ${right}/${CLOUD_ADDRESSES.length}`, details: wrong };
}

interface Place {
  readonly site: CloudSite;
  readonly house: WalkHouse;
}

async function withPlace<T>({ provider, kind }: Kind, searched: Searched, work: (place: Place) => Promise<T>): Promise<T> {
  const site = await openCloudSite();
  const credential = cloudCredential(provider, kind, { baseUrl: site.origin });
  // Vertex serves other publishers in the format that the site answers in.
  const one = deployment({ provider, upstreamModel: 'meta/llama', credential });
  const house = await openHouse({
    provider: createFakeProvider(),
    moreProviders: site.providers,
    targets: [model('fast', [one])],
  });
  try {
    const result = await work({ site, house });
    searched.sent += site.asked.filter((request) => secretsIn(JSON.stringify(request)).length > 0).length;
    searchHouse(house, `${provider} ${kind}`, searched);
    return result;
  } finally {
    await house.close();
    await site.close();
  }
}

/** Calls 200 times at once with each kind of token: one is fetched. */
export async function oneRefresh(searched: Searched = { texts: 0, found: [], sent: 0 }): Promise<ProveResult> {
  const refreshes: number[] = [];
  const details: string[] = [];
  for (const kind of KINDS) {
    await withPlace(kind, searched, async ({ site, house }) => {
      const said = await Promise.all(Array.from({ length: CALLS }, () => house.ask(HELLO)));
      const failed = said.filter(({ status }) => status !== 200);
      if (failed.length > 0) details.push(`${kind.provider} ${kind.kind}: ${failed.length} calls failed: ${failed[0]?.text}`);
      refreshes.push(site.asked.length);
    });
  }
  const holds = details.length === 0 && refreshes.every((count) => count === 1);
  return {
    holds,
    figure: `refreshes under ${CALLS} calls ${refreshes.join(', ')}`,
    details: [...details, `fetches: ${refreshes.join(', ')}`],
  };
}

async function hostile(searched: Searched): Promise<ProveResult> {
  const details: string[] = [];
  const answers = [...HOSTILE_TOKENS, ...ENDLESS];
  await Promise.all(
    KINDS.flatMap((kind) =>
      answers.map((answer) =>
        withPlace(kind, searched, async ({ site, house }) => {
          site.issue = answer.answer;
          const said = await house.ask(HELLO);
          searchText(JSON.stringify(said), answer.name, searched);
          const why = judged(said, answer, { site, house });
          if (why !== null) details.push(`${kind.provider} ${kind.kind}, ${answer.name}: ${why}`);
        }),
      ),
    ),
  );
  const all = KINDS.length * answers.length;
  return { holds: details.length === 0, figure: `hostile token answers ${all - details.length}/${all}`, details };
}

/** Returns what is wrong with the answer to a call whose token was not issued; null if nothing is. */
function judged({ status, text }: Said, { says }: HostileAnswer, { site, house }: Place): string | null {
  if (status !== 502) return `the call was answered ${status}`;
  if (!text.includes(says)) return `the answer does not say “${says}”: ${text}`;
  if (site.called.length > 0) return 'the call was sent to the provider';
  return house.rows.every(({ entries }) => entries.length === 0) ? null : 'the call was charged';
}

/** Tokens that last for seconds are renewed under load. No call fails, and fetches stay apart. */
async function renewals(searched: Searched): Promise<ProveResult> {
  return withPlace(KINDS[0] as Kind, searched, async ({ site, house }) => {
    site.issue = (_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      setTimeout(
        () => response.end(JSON.stringify({ token_type: 'Bearer', expires_in: SHORT_S, access_token: CANARIES.token })),
        300,
      );
    };
    const calls: Promise<Said>[] = [];
    const untilMs = performance.now() + SHORT_LOAD_MS;
    while (performance.now() < untilMs) {
      calls.push(house.ask(HELLO));
      await sleep(20);
    }
    const said = await Promise.all(calls);
    const failed = said.filter(({ status }) => status !== 200).length;
    const fetches = site.asked.length;
    const holds = failed === 0 && fetches >= 3 && fetches <= 5;
    const figure = `${said.length} calls over ${fetches} tokens of ${SHORT_S} s, failed ${failed}`;
    return { holds, figure, details: [`${failed} calls failed, ${fetches} fetches`] };
  });
}

/** What was searched for secrets, and where one was. `sent`: requests for tokens that contained one, as they must. */
interface Searched {
  texts: number;
  readonly found: string[];
  sent: number;
}

/** The first line of the key, and the beginning of every assertion. */
const KEY_LINE = SERVICE_ACCOUNT.privateKey.split('\n')[1] as string;
const SECRETS: readonly string[] = [CANARIES.secret, CANARIES.token, KEY_LINE, 'PRIVATE KEY', 'assertion='];

function secretsIn(text: string): readonly string[] {
  return SECRETS.filter((secret) => text.includes(secret) || text.includes(encodeURIComponent(secret)));
}

/** Searches everything that a house keeps: rows with their decisions, what it told its operator, and its journal's files. */
function searchHouse({ rows, defects, journalDirectory }: WalkHouse, where: string, searched: Searched): void {
  const files = readdirSync(journalDirectory, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const texts = [
    JSON.stringify(rows, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value)),
    defects.map(String).join('\n'),
    ...files.map((file) => readFileSync(path.join(file.parentPath, file.name), 'latin1')),
  ];
  for (const text of texts) searchText(text, where, searched);
}

function searchText(text: string, where: string, searched: Searched): void {
  searched.texts += 1;
  for (const secret of secretsIn(text)) searched.found.push(`${where}: ${secret.slice(0, 12)}…`);
}

function canaries({ texts, found, sent }: Searched): ProveResult {
  // The same search finds the secrets where they belong, so finding none elsewhere says something.
  const holds = found.length === 0 && texts > 0 && sent > 0;
  const figure = `canary secrets found ${found.length} in ${texts} texts (${sent} in requests for tokens)`;
  return { holds, figure, details: [...found, `${sent} requests for tokens had one`] };
}
