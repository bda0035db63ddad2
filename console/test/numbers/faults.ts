/** Three ways in which pages told something else than the server knows. Each check says what it found, on whatever version it runs. */
import type { Page } from '@playwright/test';
import type { Gateway } from '../../../server/test/prove/gateway.ts';

export interface Found {
  readonly what: string;
  /** Null if the page tells the truth. */
  readonly fault: string | null;
}

interface Scene {
  readonly gateway: Gateway;
  readonly page: Page;
}

const EVERYTHING = { asset_access: { mode: 'all', targets: [], access_groups: [] } };

/** Needs a page on which a platform admin is signed in, and a gateway without traffic. */
export async function findFaults(scene: Scene): Promise<readonly Found[]> {
  await makeModels(scene.gateway);
  return [await findGhostRows(scene), await findContradiction(scene), await findShares(scene)];
}

const MODELS = ['share-one', 'share-two', 'share-three'];

async function makeModels({ admin }: Gateway): Promise<void> {
  // Every call costs the same, so that three models share the spend in three equal parts.
  const prices = { input_per_million: '0', output_per_million: '0', per_unit: { request: '0.01' } };
  for (const model of MODELS)
    await admin('POST', '/deployments', { model, provider: 'fake', upstream_model: 'fake-small', mode: 'chat', prices });
}

async function tenant({ admin }: Gateway, slug: string, teams: number, settings: object = {}) {
  const { id } = await admin<{ id: string }>('POST', '/organizations', { name: slug, slug, ...EVERYTHING, ...settings });
  const secrets: string[] = [];
  for (let at = 0; at < teams; at += 1) {
    const team = await admin<{ id: string }>('POST', `/organizations/${id}/teams`, { name: `${slug} ${at}` });
    secrets.push((await admin<{ secret: string }>('POST', '/keys', { team_id: team.id, name: `${slug} ${at}` })).secret);
  }
  return { id, secrets };
}

async function call({ base }: Gateway, secret: string | undefined, model: string): Promise<void> {
  const response = await fetch(`${base}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model, max_tokens: 20, messages: [{ role: 'user', content: 'Hello!' }] }),
  });
  if (response.status !== 200) throw new Error(`${model} answered ${response.status}: ${await response.text()}`);
  await response.arrayBuffer();
}

async function settled({ admin }: Gateway, organizationId: string, requests: number): Promise<void> {
  for (let tries = 0; tries < 200; tries += 1) {
    const usage = await admin<{ total: { requests: number } }>('GET', `/usage?organization_id=${organizationId}`);
    if (usage.total.requests === requests) return;
    await pause(50);
  }
  throw new Error('the requests were not stored');
}

/** After another grouping is chosen, the table has the rows that it has after a reload. */
async function findGhostRows({ gateway, page }: Scene): Promise<Found> {
  const { id, secrets } = await tenant(gateway, 'ghosts', 5);
  for (const secret of secrets) await call(gateway, secret, MODELS[0] as string);
  await settled(gateway, id, secrets.length);
  await page.goto(`${gateway.base}/usage?organization_id=${id}&group_by=team`);
  await page
    .locator('main tbody tr')
    .nth(secrets.length - 1)
    .waitFor();
  await page.getByRole('combobox', { name: 'Group by' }).click();
  await page.getByRole('option', { name: 'Model', exact: true }).click();
  await page.waitForURL(/group_by=model/);
  const rows = () => page.locator('main table:not([aria-label]) tbody tr').count();
  await pause(1_500);
  const regrouped = await rows();
  await page.reload();
  await page.locator('main tbody tr').first().waitFor();
  await pause(500);
  const reloaded = await rows();
  const what = 'ghost rows';
  if (regrouped === reloaded) return { what, fault: null };
  return { what, fault: `${regrouped} rows by model after a grouping by team, ${reloaded} after a reload` };
}

/** While requests are counted, the status is near the limit exactly while a gauge is at 80 % or more. */
async function findContradiction({ gateway, page }: Scene): Promise<Found> {
  const { id, secrets } = await tenant(gateway, 'contradicts', 1, { rate_limits: { rpd: 100 } });
  await page.goto(`${gateway.base}/organizations/${id}?tab=limits`);
  await page.getByText('0%', { exact: true }).first().waitFor();
  for (let made = 0; made < 83; made += 1) await call(gateway, secrets[0], MODELS[0] as string);
  const first = await contradictionOn(page, (used) => used === 83);
  await gateway.admin('PATCH', `/organizations/${id}`, { rate_limits: { rpd: 1_000 } });
  const second = await contradictionOn(page, (used) => used === 8);
  return { what: 'status contradictions', fault: [first, second].filter((one) => one !== null).join('; ') || null };
}

/** Looks until the gauge is where it should be, and then for one second more. */
async function contradictionOn(page: Page, isThere: (used: number) => boolean): Promise<string | null> {
  let fault: string | null = null;
  let untilMs = performance.now() + 20_000;
  let hasArrived = false;
  while (performance.now() < untilMs) {
    const { status, used } = await page.evaluate(() => {
      const main = document.querySelector('main') as HTMLElement;
      const words = /healthy|idle|near limit|over budget/i.exec(main.querySelector('h1')?.parentElement?.textContent ?? '');
      const texts = [...main.querySelectorAll('*')].map(({ textContent }) => textContent ?? '');
      const percents = texts.map((text) => Number(/^(\d+)%$/.exec(text)?.[1] ?? 0));
      return { status: words?.[0] ?? 'no status', used: Math.max(0, ...percents) };
    });
    if (/near|over/i.test(status) !== used >= 80) fault = `“${status}” beside a gauge at ${used}%`;
    if (isThere(used) && !hasArrived) {
      hasArrived = true;
      untilMs = performance.now() + 1_000;
    }
    await pause(40);
  }
  return hasArrived ? fault : `${fault ?? 'no contradiction'}, but the gauge did not move`;
}

/** The shares of three equal models add up to 100. */
async function findShares({ gateway, page }: Scene): Promise<Found> {
  const { id, secrets } = await tenant(gateway, 'shares', 1);
  for (const model of MODELS) await call(gateway, secrets[0], model);
  await settled(gateway, id, MODELS.length);
  await page.goto(`${gateway.base}/organizations/${id}`);
  const bars = page.locator('section[aria-label="30-day spend by model"] [aria-label$="of the spend"]');
  await bars.nth(MODELS.length - 1).waitFor();
  const words = await bars.evaluateAll((found) => found.map((bar) => bar.getAttribute('aria-label') ?? ''));
  const shares = words.map((text) => Number.parseInt(text, 10));
  const sum = shares.reduce((all, share) => all + share, 0);
  const what = 'shares';
  return sum === 100 ? { what, fault: null } : { what, fault: `${shares.map((share) => `${share}%`).join(' + ')} = ${sum}%` };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
