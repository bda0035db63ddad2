/**
 * Compares the numbers on the console's pages with the stored requests. `node console/test/numbers/walk.ts` walks everything;
 * `--quick` a small part. `--faults=<folder>` only looks for three known faults, on the version in that folder. The last line of
 * its output is a JSON object with what was found.
 */
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { chromium, type Page } from '@playwright/test';
import { type Gateway, repository, startGateway, temporaryDirectory } from '../../../server/test/prove/gateway.ts';
import { putDatabase } from '../../../server/test/prove/prepared-database.ts';
import { CHROMIUM } from '../../../server/test/support/chromium.ts';
import type { Tally } from './compare.ts';
import type { Grouping } from './expected.ts';
import { type Found, findFaults } from './faults.ts';
import { type Fixture, openFixture, type Person, type Span, ZONES } from './fixture.ts';
import { walkBudget, walkOrganizations, walkOverview, walkRequests } from './other-pages.ts';
import { type View, walkOrganization, walkUsage } from './usage-pages.ts';

const OF_EVERYBODY: readonly Grouping[] = ['team', 'model', 'key', 'member', 'service_account'];
const isQuick = process.argv.includes('--quick');
const folder = process.argv.find((arg) => arg.startsWith('--faults='))?.slice('--faults='.length);

const browser = await chromium.launch({
  ...(existsSync(CHROMIUM) && { executablePath: CHROMIUM }),
  args: ['--no-sandbox', '--disable-gpu'],
});
try {
  const faults = await lookForFaults(folder);
  console.log(JSON.stringify({ faults, ...(folder === undefined ? await walkAll() : {}) }));
} finally {
  await browser.close();
}

async function lookForFaults(cwd: string | undefined): Promise<readonly Found[]> {
  const gateway = await (cwd === undefined ? startGateway() : startEarlier(cwd));
  try {
    const page = await pageOf('UTC', gateway.base, await tokenSession(gateway.base, gateway.adminToken));
    return await findFaults({ gateway, page });
  } finally {
    await gateway.stop();
  }
}

/** The version in a folder. It opens the prepared database if it has the same migrations, which takes seconds less. */
async function startEarlier(cwd: string): Promise<Gateway> {
  const migrationsOf = (root: string) => readdirSync(path.join(root, 'server/src/store/migrations')).join();
  if (migrationsOf(cwd) !== migrationsOf(repository)) return startGateway({ cwd });
  const dataDir = temporaryDirectory();
  await putDatabase(dataDir);
  return startGateway({ cwd, dataDir });
}

/** The session of a new platform admin. */
async function tokenSession(base: string, adminToken: string): Promise<string> {
  const headers = { 'content-type': 'application/json', origin: base };
  const email = 'looks@numbers.test';
  const invited = await fetch(`${base}/api/v1/invitations`, {
    method: 'POST',
    headers: { ...headers, authorization: `Bearer ${adminToken}` },
    body: JSON.stringify({ email, organization_id: null, role: 'platform_admin' }),
  });
  const { link } = (await invited.json()) as { link: string };
  const token = new URL(link).searchParams.get('token');
  const accepted = await fetch(`${base}/api/v1/invitations/accept`, {
    method: 'POST',
    headers,
    body: JSON.stringify({ token, name: 'Looks', password: 'correct horse battery 7' }),
  });
  const cookie = accepted.headers.getSetCookie().find((one) => one.startsWith('headgate_session='));
  if (cookie === undefined) throw new Error(`nobody could come in: ${accepted.status} ${await accepted.text()}`);
  return decodeURIComponent((cookie.split(';')[0] as string).slice('headgate_session='.length));
}

async function pageOf(timezoneId: string, url: string, cookie: string): Promise<Page> {
  const viewport = { width: 1360, height: 860 };
  const context = await browser.newContext({ timezoneId, locale: 'en-US', viewport, reducedMotion: 'reduce' });
  await context.addCookies([{ name: 'headgate_session', value: cookie, url }]);
  return context.newPage();
}

async function walkAll() {
  const startedMs = performance.now();
  const fixture = await openFixture();
  const [tally, drawn]: [Tally, Tally] = [
    { compared: 0, differences: [] },
    { compared: 0, differences: [] },
  ];
  const zones = isQuick ? ZONES.slice(1, 2) : ZONES;
  const people = isQuick
    ? fixture.people.filter(({ role }) => role === 'platform_admin' || role === 'team_admin')
    : fixture.people;
  try {
    for (const [zoneAt, zone] of zones.entries())
      for (const [personAt, person] of people.entries()) {
        const page = await pageOf(zone, fixture.gateway.base, person.cookie);
        const view = { page, fixture, tally, drawn, person, zone };
        await walk(view);
        // Everything else once for each role, each in another zone.
        if (!isQuick && personAt % zones.length === zoneAt) await walkRest(view);
        await page.context().close();
      }
  } finally {
    await fixture.gateway.stop();
  }
  const seconds = Math.round((performance.now() - startedMs) / 1_000);
  return { tally, drawn, requests: fixture.records.length, zones: zones.length, roles: people.length, seconds };
}

/** The usage by some groupings, the overview, and an organization's page. */
async function walk(view: View): Promise<void> {
  const { fixture, person } = view;
  const [autumn, spring] = fixture.spans as [Span, Span];
  await walkUsage(view, autumn, groupingsOf(person).slice(0, isQuick ? 3 : 4), 'day');
  await walkOverview(view, isQuick ? autumn : spring);
  if (person.role === 'team_admin') return;
  await walkOrganization(view, ownOf(fixture, person), isQuick ? ['model', 'team'] : ['model', 'team', 'key', 'member']);
}

/** The other groupings and spans, usage by the hour, the request log, budgets and the list of organizations. */
async function walkRest(view: View): Promise<void> {
  const { fixture, person } = view;
  const [autumn, spring, recent] = fixture.spans as [Span, Span, Span];
  await walkUsage(view, spring, groupingsOf(person), 'day');
  await walkUsage(view, dayOf(autumn), groupingsOf(person).slice(0, 3), 'hour');
  await walkOverview(view, recent);
  const tenants = person.isOfPlatform ? fixture.tenants.slice(0, 3) : fixture.tenants.slice(0, 1);
  for (const tenant of tenants) await walkRequests(view, tenant, autumn);
  if (person.role === 'team_admin') return;
  for (const tenant of tenants) await walkBudget(view, tenant);
  await walkOrganizations(view);
}

function groupingsOf({ isOfPlatform }: Person): readonly Grouping[] {
  return isOfPlatform ? ['organization', ...OF_EVERYBODY, 'provider'] : OF_EVERYBODY;
}

function ownOf({ tenants }: Fixture, { isOfPlatform }: Person): string {
  return (isOfPlatform ? tenants[1] : tenants[0])?.id as string;
}

/** The hours around the first clock change of a span. */
function dayOf({ name, fromMs }: Span): Span {
  return { name, fromMs, toMs: fromMs + 3 * 86_400_000 };
}
