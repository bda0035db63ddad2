// What the release before the walls wrote, opened by this one: who is what now, and what changed for whom. Nobody is locked out, and no secret has to
// be given again.

import { freePort } from '../support/ports.ts';
import { chat } from './data-plane.ts';
import { earlierRelease } from './earlier-release.ts';
import { type Gateway, startGateway } from './gateway.ts';
import { allOf, type ProveOptions, type ProveResult } from './prove.ts';
import { sayWith } from './signed-up.ts';
import { PROVIDER_SECRET } from './tenant.ts';
import { isSignedIn, post, upgradedAccounts } from './upgraded-accounts.ts';
import { type EarlierInstallation, eventsIn, MODEL, writeEarlier } from './upgraded-walls.ts';

/** The last commit before the walls. */
const EARLIER = '00799571';

/** One line of the table. */
interface Row {
  readonly whom: string;
  readonly was: string;
  readonly is: string;
  readonly isRight: boolean;
}

export async function run({ quick, doing = () => {} }: ProveOptions): Promise<ProveResult> {
  doing('taking the release before out of the history');
  const folder = await earlierRelease(EARLIER);
  if (folder === null) return { holds: false, figure: '', skipped: `the history does not hold ${EARLIER}: the clone is shallow` };
  const upgraded = await upgradedInstallation(folder, doing);
  if (quick) return upgraded;
  doing('looking at accounts');
  return allOf([upgraded, await upgradedAccounts(folder)]);
}

async function upgradedInstallation(folder: string, doing: (what: string) => void): Promise<ProveResult> {
  const port = await freePort();
  const origin = `http://localhost:${port}`;
  const env = { HEADGATE_PORT: String(port), HEADGATE_PUBLIC_URL: origin };
  doing('starting the release before');
  const before = await startGateway({ cwd: folder, env });
  doing('writing with it');
  const earlier = await writeEarlier(before, origin);
  doing('stopping it');
  await before.stop();
  doing('starting this one on what it wrote');
  const now = await startGateway({ env, dataDir: before.dataDir, adminToken: before.adminToken });
  doing('looking at what changed');
  try {
    const rows = [
      ...(await peopleIn(now, origin, earlier)),
      ...(await tokensOf(now, earlier)),
      ...(await keysOf(now, earlier)),
      ...(await capsOf(now, origin, earlier)),
      ...(await upstreamsOf(now, earlier)),
      ...(await webhooksOf(now, earlier)),
      ...(await chainsOf(now, earlier)),
    ];
    return judge(rows);
  } finally {
    doing('stopping it');
    await now.stop();
    await earlier.vendor.close();
  }
}

function judge(rows: readonly Row[]): ProveResult {
  const wrong = rows.filter(({ isRight }) => !isRight);
  const lockedOut = rows.filter(({ is }) => is.startsWith('LOCKED OUT'));
  const width = (of: (row: Row) => string) => Math.max(...rows.map((row) => of(row).length));
  const [whom, was] = [width((row) => row.whom), width((row) => row.was)];
  const line = (row: Row) => `${row.whom.padEnd(whom)}  ${row.was.padEnd(was)}  ${row.is}`;
  return {
    holds: wrong.length === 0 && rows.length > 15,
    figure: `upgrade: ${rows.length} looked at, ${wrong.length} not as they should be, ${lockedOut.length} locked out`,
    log: rows.map(line),
    details: wrong.map((row) => `not as it should be: ${line(row)}`),
  };
}

async function peopleIn(now: Gateway, origin: string, { people }: EarlierInstallation): Promise<Row[]> {
  const rows: Row[] = [];
  for (const [whom, { email, password, cookie }] of Object.entries(people)) {
    const isIn = await isSignedIn(now, origin, cookie);
    rows.push({ whom, was: 'signed in', is: isIn ? 'still signed in' : 'LOCKED OUT: the session is over', isRight: isIn });
    const fresh = await post(now, origin, '/session/sign-in', { email, password }).catch((error: Error) => error);
    const comesIn = typeof fresh === 'string' && fresh !== '';
    rows.push({
      whom,
      was: 'a password',
      is: comesIn ? 'signs in with it' : `LOCKED OUT: ${String(fresh)}`,
      isRight: comesIn,
    });
  }
  return rows;
}

interface TokenView {
  readonly owner: { readonly kind: string };
  readonly unowned_ends_at: string | null;
  readonly expires_at: string | null;
}

const DAY_MS = 86_400_000;

async function tokensOf(now: Gateway, { tokens }: EarlierInstallation): Promise<Row[]> {
  const rows: Row[] = [];
  for (const [whom, { id, token, owner }] of Object.entries(tokens)) {
    const { status } = await sayWith(now.base, { authorization: `Bearer ${token}` })('GET', '/organizations');
    const was = 'works, for good';
    if (status !== 200) {
      rows.push({ whom, was, is: `LOCKED OUT: ${status}`, isRight: false });
      continue;
    }
    if (id === null) {
      rows.push({ whom, was, is: 'works, for good; it is the installation’s', isRight: true });
      continue;
    }
    const view = await now.admin<TokenView>('GET', `/admin-tokens/${id}`);
    const days = view.unowned_ends_at === null ? null : Math.round((Date.parse(view.unowned_ends_at) - Date.now()) / DAY_MS);
    const ends = days === null ? 'as long as its owner holds its role' : `for ${days} days unless somebody takes it over`;
    const isRight = view.owner.kind === owner && (owner === 'nobody' ? days === 30 : days === null);
    rows.push({ whom, was, is: `works, ${ends}; owner: ${view.owner.kind}`, isRight });
  }
  return rows;
}

async function keysOf(now: Gateway, { keys, vendor }: EarlierInstallation): Promise<Row[]> {
  const rows: Row[] = [];
  for (const [whom, secret] of Object.entries(keys)) {
    vendor.forget();
    const { status } = await chat(now, secret, MODEL);
    // What is sealed under the provider's address opens: the provider hears its own key.
    const isRight = status === 200 && vendor.served.length === 1;
    rows.push({ whom, was: 'calls', is: status === 200 ? 'calls' : `LOCKED OUT: ${status}`, isRight });
  }
  return rows;
}

async function capsOf(now: Gateway, origin: string, { teamId, people }: EarlierInstallation): Promise<Row[]> {
  const { cookie, accountId } = people['a developer'];
  const team = await now.admin<{ self_service: { max_budget: { amount: string; period: string } | null } }>(
    'GET',
    `/teams/${teamId}`,
  );
  const cap = team.self_service.max_budget;
  const say = sayWith(now.base, { cookie, origin });
  const make = (budget: object) =>
    say('POST', '/keys', { team_id: teamId, name: 'new', owner: { account_id: accountId }, budgets: [budget] });
  const [hourly, monthly] = [
    await make({ amount: '5.00', period: 'rolling', hours: 1 }),
    await make({ amount: '4.00', period: 'month' }),
  ];
  return [
    {
      whom: 'a team’s members',
      was: 'own keys of 5.00 each, per hour too',
      is: `own keys of ${cap?.amount} per ${cap?.period} together`,
      isRight: Number(cap?.amount) === 5 && cap?.period === 'month',
    },
    {
      whom: 'a developer',
      was: 'makes a key of 5.00 per hour',
      is: hourly.status === 400 ? 'is refused one' : `is answered ${hourly.status}`,
      isRight: hourly.status === 400,
    },
    {
      whom: 'a developer',
      was: 'makes a key of 4.00 per month',
      is: monthly.status === 201 ? 'makes one' : `LOCKED OUT: ${monthly.status} ${JSON.stringify(monthly.body)}`,
      isRight: monthly.status === 201,
    },
  ];
}

async function upstreamsOf(now: Gateway, { credentials }: EarlierInstallation): Promise<Row[]> {
  const plain = await plainUpstream(now, credentials.plain);
  const risksOf = async (id: string) => (await now.admin<{ risks: string[] }>('GET', `/credentials/${id}`)).risks.join();
  const change = async (id: string, body: object) => (await now.ask('PATCH', `/credentials/${id}`, body)).status;
  const moved = await change(credentials.listed, { base_url: 'https://models.example.com/v1' });
  const movedWithKey = await change(credentials.plain, { base_url: 'https://models.example.com/v1', api_key: PROVIDER_SECRET });
  return [
    plain,
    {
      whom: 'an upstream without TLS that is listed',
      was: 'called',
      is: `called, risks: ${(await risksOf(credentials.listed)) || 'none'}`,
      isRight: (await risksOf(credentials.listed)) === '',
    },
    {
      whom: 'a stored provider key',
      was: 'moves to any address',
      is: moved === 400 ? 'stays at its address unless it is given again' : `moved: ${moved}`,
      isRight: moved === 400,
    },
    {
      whom: 'an upstream that got TLS and its key',
      was: 'saved',
      is: `saved, risks: ${(await risksOf(credentials.plain)) || 'none'}`,
      isRight: movedWithKey === 200 && (await risksOf(credentials.plain)) === '',
    },
  ];
}

/** Before anything of it is changed. */
async function plainUpstream(now: Gateway, id: string): Promise<Row> {
  const { risks } = await now.admin<{ risks: string[] }>('GET', `/credentials/${id}`);
  const { status } = await now.ask('PATCH', `/credentials/${id}`, { name: 'renamed' });
  const isRight = risks.includes('plain_http') && status === 400;
  const is = `kept, risks: ${risks.join() || 'none'}, ${status === 400 ? 'refused when saved again' : `saved: ${status}`}`;
  return { whom: 'a public upstream without TLS', was: 'kept', is, isRight };
}

async function webhooksOf(now: Gateway, { webhookId }: EarlierInstallation): Promise<Row[]> {
  if (webhookId === null) return [];
  const { status } = await now.ask('PATCH', `/webhooks/${webhookId}`, { url: 'http://127.0.0.1:9/' });
  const kept = await now.ask('GET', `/webhooks/${webhookId}`);
  const isRight = status === 400 && kept.status === 200;
  const is = `${kept.status === 200 ? 'kept' : 'gone'}, ${status === 400 ? 'refused when saved again' : `saved: ${status}`}`;
  return [{ whom: 'a tenant’s webhook inside', was: 'kept', is, isRight }];
}

async function chainsOf(now: Gateway, { chains }: EarlierInstallation): Promise<Row[]> {
  const rows: Row[] = [];
  for (const [query, were] of Object.entries(chains)) {
    const events = await eventsIn(now, query).catch((error: Error) => error.message);
    const isRight = typeof events === 'number' && events > were;
    const whom = `the audit chain of ${query === '' ? 'the platform' : 'an organization'}`;
    rows.push({ whom, was: `${were} events`, is: isRight ? `intact, ${events} events, under a key` : String(events), isRight });
  }
  return rows;
}
