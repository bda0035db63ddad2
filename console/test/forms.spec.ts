/** What every dialog does: asks before typed text is lost, keeps what is wrong in view, opens where one asked, and shows who loses what. */
import type { Page } from '@playwright/test';
import { answerUnsaved, confirm, expect, type House, test } from './support.ts';

interface Made {
  readonly id: string;
  readonly name: string;
}

const dialog = (page: Page) => page.getByRole('dialog').first();
const section = (page: Page, name: string) => dialog(page).getByRole('region', { name, exact: true });
const sections = (page: Page) => dialog(page).getByRole('navigation', { name: 'Sections' });

let made = 0;

/** An organization that may call one model through one group, with a team and a key; all names are its own. */
async function newTenant(house: House) {
  made += 1;
  const tail = `${Date.now().toString(36)}${made}`;
  const model = `asked-${tail}`;
  const body = { model, provider: 'fake', upstream_model: 'fake-small', mode: 'chat' };
  const deployment = await house.api<Made>('POST', '/deployments', body);
  await house.api('PUT', `/callable-targets/${model}/access-groups`, { access_groups: [`group-${tail}`] });
  const asset_access = { mode: 'selected', access_groups: [`group-${tail}`] };
  const organization = await house.api<Made>('POST', '/organizations', {
    name: `Asked ${tail}`,
    slug: `asked-${tail}`,
    asset_access,
  });
  const team = await house.api<Made>('POST', `/organizations/${organization.id}/teams`, { name: 'Research' });
  const key = await house.api<Made>('POST', '/keys', { team_id: team.id, name: `key ${tail}` });
  return { organization, team, key, model, deployment, group: `group-${tail}` };
}

test.beforeEach(async ({ page, house }) => {
  await house.signIn(page, 'platform_admin');
});

test('unsaved text is asked about in the page: by Escape, by Back and by a link, and no browser question opens', async ({
  page,
  house,
}) => {
  const asked: string[] = [];
  page.on('dialog', (question) => {
    asked.push(question.message());
    void question.accept();
  });
  await page.goto(`${house.url}/keys`);
  await page.getByRole('link', { name: 'Teams' }).first().click();
  await page.getByRole('link', { name: 'Organizations' }).first().click();
  await page.getByRole('button', { name: 'Create organization' }).click();
  const name = dialog(page).getByRole('textbox', { name: 'Name' });
  await name.fill('Half');
  await page.keyboard.press('Escape');
  // Escape again answers the question, and does not ask it anew.
  await expect(page.getByRole('dialog', { name: 'Discard unsaved changes?' })).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(page.getByRole('dialog', { name: 'Discard unsaved changes?' })).toHaveCount(0);
  await expect(name).toHaveValue('Half');
  await page.evaluate(() => window.history.back());
  await answerUnsaved(page, 'Keep editing');
  await expect(name).toHaveValue('Half');
  await page.evaluate(() => window.history.back());
  await answerUnsaved(page, 'Discard changes');
  await expect(dialog(page)).toHaveCount(0);
  await page.goto(`${house.url}/profile`);
  await page.getByRole('textbox', { name: 'Name' }).fill('Somebody else');
  await page.getByRole('link', { name: 'Teams' }).first().click();
  await answerUnsaved(page, 'Discard changes');
  await expect(page).toHaveURL(/\/teams/);
  expect(asked).toEqual([]);
});

test('what the server refuses is in view with the focus in its field, and gone when the field is mended', async ({
  page,
  house,
}) => {
  await page.goto(`${house.url}/organizations?create=organization`);
  await dialog(page).getByRole('textbox', { name: 'Name' }).fill('Out of view');
  const slug = dialog(page).getByLabel('Slug');
  await slug.fill('Not A Slug');
  // The field is scrolled away when the server answers.
  await section(page, 'Audit content').scrollIntoViewIfNeeded();
  await expect(slug).not.toBeInViewport();
  await dialog(page).getByRole('button', { name: 'Create organization' }).click();
  const message = dialog(page).getByText(/must be 1 to 63 lower-case/i);
  await expect(message).toBeInViewport();
  await expect(slug).toBeFocused();
  await expect(dialog(page).getByText('One field has an error.')).toBeVisible();
  await slug.fill(`out-of-view-${Date.now()}`);
  await expect(message).toHaveCount(0);
  await expect(dialog(page).getByText('One field has an error.')).toHaveCount(0);
  // A message beside the button, about no field of the form, goes with the next change too.
  await page.route('**/api/v1/organizations', (route) => route.abort());
  await dialog(page).getByRole('button', { name: 'Create organization' }).click();
  await expect(dialog(page).getByText(/cannot be reached/)).toBeInViewport();
  await dialog(page).getByRole('textbox', { name: 'Name' }).fill('In view');
  await expect(dialog(page).getByText(/cannot be reached/)).toHaveCount(0);
});

test('Change on a card opens the dialog at that section, and the list beside the form leads to each other one', async ({
  page,
  house,
}) => {
  const { organization } = await newTenant(house);
  await page.setViewportSize({ width: 1_280, height: 720 });
  await page.goto(`${house.url}/organizations/${organization.id}`);
  await page.getByRole('region', { name: 'Requests and tokens now' }).getByRole('button', { name: 'Change rate limits' }).click();
  const limits = section(page, 'Rate limits');
  await expect(limits.getByRole('textbox', { name: 'Requests per minute' }).first()).toBeFocused();
  await expect(limits.getByRole('heading', { name: 'Rate limits' })).toBeInViewport();
  const current = sections(page).locator('[aria-current="true"]');
  await expect(current).toHaveText('Rate limits');
  await expect(sections(page).getByRole('button')).toHaveText([
    'Identity',
    'Budgets',
    'Rate limits',
    'Limits by tag and end user',
    'Asset access',
    'Tags',
    'Audit content',
    'Stored responses',
    'Files and batches',
    'Exact cache',
    'End users',
    'Copies for mirrors',
  ]);
  await sections(page).getByRole('button', { name: 'Audit content' }).press('Enter');
  await expect(section(page, 'Audit content').getByRole('heading')).toBeInViewport();
  await expect(current).toHaveText('Audit content');
  await expect(section(page, 'Audit content').locator(':focus')).toHaveCount(1);
  await page.goto(`${house.url}/organizations/${organization.id}?tab=access`);
  await page.getByRole('button', { name: 'Change asset access' }).click();
  await expect(current).toHaveText('Asset access');
  await page.setViewportSize({ width: 390, height: 800 });
  await expect(sections(page)).toBeHidden();
});

test('the effect stands beside Save wherever the form is scrolled', async ({ page, house }) => {
  const { organization, group, model } = await newTenant(house);
  await page.goto(`${house.url}/organizations/${organization.id}?edit=access`);
  await dialog(page)
    .getByRole('button', { name: `Remove ${group}` })
    .click();
  const effect = dialog(page).getByText(new RegExp(`1 target can no longer be called: ${model}`));
  await expect(effect).toBeInViewport();
  await section(page, 'Identity').scrollIntoViewIfNeeded();
  await expect(effect).toBeInViewport();
  await expect(dialog(page).getByRole('button', { name: 'Save and apply' })).toBeInViewport();
});

test('a deployment, a label, a key and a role say who loses what before it happens', async ({ page, house }) => {
  const { organization, model, group, deployment, key } = await newTenant(house);
  await page.goto(`${house.url}/models/${deployment.id}`);
  await page.getByRole('button', { name: 'Disable' }).click();
  await expect(dialog(page).getByText(`${organization.name}: 1 key loses ${model}`)).toBeVisible();
  expect(await house.api('GET', `/deployments/${deployment.id}`)).toMatchObject({ enabled: true });
  await dialog(page).getByRole('button', { name: 'Cancel' }).click();

  await page.goto(`${house.url}/access-groups/${group}`);
  await page.getByRole('button', { name: `Remove ${model} from the group` }).click();
  await expect(dialog(page).getByText(`${organization.name}: 1 key loses ${model}`)).toBeVisible();
  await confirm(page, 'Remove from the group');
  await expect.poll(async () => house.api('GET', `/models/${model}`)).toMatchObject({ access_groups: [] });

  await page.goto(`${house.url}/keys/${key.id}`);
  await page.getByRole('button', { name: 'Disable' }).click();
  await expect(dialog(page).getByText('1 key stops working.')).toBeVisible();
  await dialog(page).getByRole('button', { name: 'Cancel' }).click();
});

test('pickers name the organization, and offer it first', async ({ page, house }) => {
  const [one, other] = [await newTenant(house), await newTenant(house)];
  await page.goto(`${house.url}/keys?new=key`);
  const team = dialog(page).getByRole('combobox', { name: 'Team' });
  await team.fill('Research');
  for (const { organization } of [one, other])
    await expect(page.getByRole('option', { name: `Research · ${organization.name}` })).toBeVisible();
  const choose = dialog(page).getByRole('combobox', { name: 'Organization' });
  await choose.fill(other.organization.name);
  await page.getByRole('option', { name: other.organization.name }).click();
  await team.fill('Research');
  await expect(page.getByRole('option', { name: 'Research' })).toHaveCount(1);
  await page.getByRole('option', { name: 'Research' }).click();
  await expect(dialog(page).getByRole('textbox', { name: 'Name' })).toBeVisible();
  // A chosen filter says whose it is too.
  await page.goto(`${house.url}/requests?team_id=${one.team.id}`);
  await expect(page.getByText(`Research · ${one.organization.name}`)).toBeVisible();
});
