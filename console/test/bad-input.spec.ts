import { answerUnsaved, expect, type Page, test } from './support.ts';

const dialog = (page: Page) => page.getByRole('dialog');

test('a tab left open after a role was taken away says so, and its next look shows less', async ({ page, house }) => {
  await house.signIn(page, 'org_admin');
  await page.goto(`${house.url}/organizations/${house.organizationId}?tab=teams`);
  await page
    .getByRole('button', { name: /(Create|Add) team/ })
    .first()
    .click();
  await dialog(page).getByLabel('Name').fill('Too late');
  const { data } = await house.api<{ data: { id: string; email: string }[] }>(
    'GET',
    `/organizations/${house.organizationId}/members?limit=200`,
  );
  const member = data.find(({ email }) => email === house.emailOf('org_admin'));
  await house.api('PATCH', `/organizations/${house.organizationId}/members/${member?.id}`, { role: 'org_member' });
  await dialog(page).getByRole('button', { name: 'Create team' }).click();
  await expect(dialog(page).getByRole('alert')).toContainText(/permission|not allowed/i);
  await expect(dialog(page).getByLabel('Name')).toHaveValue('Too late');
  const { data: teams } = await house.api<{ data: { name: string }[] }>('GET', `/organizations/${house.organizationId}/teams`);
  expect(teams.map(({ name }) => name)).not.toContain('Too late');
  await page.reload();
  await page.getByRole('navigation', { name: 'Main' }).waitFor();
  await expect(page.getByRole('link', { name: 'Audit log' })).toHaveCount(0);
  await house.api('PATCH', `/organizations/${house.organizationId}/members/${member?.id}`, { role: 'org_admin' });
});

test('a connection cut in the middle of a dialog loses nothing, and trying again makes one object', async ({ page, house }) => {
  await house.signIn(page, 'platform_admin');
  await page.goto(`${house.url}/organizations`);
  await page.getByRole('button', { name: 'Create organization' }).click();
  await dialog(page).getByRole('textbox', { name: 'Name' }).fill('Cut off');
  // The request arrives and its answer does not: the worse of the two ways to be cut off.
  await page.route('**/api/v1/organizations', async (route) => {
    if (route.request().method() !== 'POST') return route.continue();
    await route.fetch();
    await route.abort('connectionreset');
  });
  await dialog(page).getByRole('button', { name: 'Create organization' }).click();
  await expect(dialog(page).getByRole('alert')).toContainText(/cannot be reached/);
  await expect(dialog(page).getByRole('textbox', { name: 'Name' })).toHaveValue('Cut off');
  await page.unroute('**/api/v1/organizations');
  await dialog(page).getByRole('button', { name: 'Create organization' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Cut off' })).toBeVisible();
  expect((await house.api<{ total: number }>('GET', '/organizations?search=cut-off')).total).toBe(1);
});

test('Back in a half-filled form asks, and staying keeps what was typed', async ({ page, house }) => {
  await house.signIn(page, 'platform_admin');
  await page.goto(`${house.url}/teams`);
  await page.getByRole('link', { name: 'Organizations' }).first().click();
  await page.getByRole('button', { name: 'Create organization' }).click();
  await dialog(page).getByRole('textbox', { name: 'Name' }).fill('Half');
  await page.evaluate(() => window.history.back());
  await answerUnsaved(page, 'Keep editing');
  await expect(dialog(page).getByRole('textbox', { name: 'Name' })).toHaveValue('Half');
});

test('a browser in Tokyo that speaks German shows its own time and numbers, and UTC beside', async ({ browser, house }) => {
  const context = await browser.newContext({ locale: 'de-DE', timezoneId: 'Asia/Tokyo' });
  const page = await context.newPage();
  await house.signIn(page, 'platform_admin');
  await page.goto(`${house.url}/audit`);
  const time = page.locator('main time').first();
  await time.waitFor();
  const at = new Date((await time.getAttribute('datetime')) as string);
  const inTokyo = (part: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat('de-DE', { timeZone: 'Asia/Tokyo', ...part }).format(at);
  await time.hover();
  await expect(page.getByText(`${at.toISOString().slice(0, 19).replace('T', ' ')} UTC`)).toBeVisible();
  // Said as this reader says it: Tokyo's day and minute in a German date, or how long ago in German.
  const date = `${inTokyo({ day: 'numeric' })}\\. .*${inTokyo({ minute: '2-digit' })}`;
  expect((await time.textContent()) ?? '').toMatch(new RegExp(`vor|jetzt|${date}`));
  await context.close();
});

test('a clock an hour off neither signs out nor breaks a page', async ({ page, house }) => {
  for (const offMs of [-3_600_000, 3_600_000]) {
    await page.clock.install({ time: Date.now() + offMs });
    await house.signIn(page, 'platform_admin');
    for (const address of ['/', '/keys', '/requests', `/organizations/${house.organizationId}`]) {
      await page.goto(house.url + address);
      await page.clock.runFor(1_000);
      await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
      await expect(page.getByText(/That did not work|Sign in/)).toHaveCount(0);
    }
  }
});

test('identifiers of nothing and of nobody are a clear not found, in every kind of page', async ({ page, house }) => {
  await house.signIn(page, 'org_owner');
  const { id: other } = await house.api<{ id: string }>('POST', '/organizations', { slug: 'not-theirs', name: 'Not theirs' });
  for (const address of [
    `/organizations/${other}`,
    '/organizations/org_nothing',
    '/teams/team_nothing',
    '/keys/key_nothing',
    '/requests/req_nothing',
    '/keys/<script>alert(1)</script>',
  ]) {
    await page.goto(house.url + encodeURI(address));
    await expect(page.getByText(/^No such |Page not found|not_found/).first()).toBeVisible();
    await expect(page.getByText('Not theirs')).toHaveCount(0);
  }
});
