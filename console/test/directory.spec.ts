/** The SCIM directory: an owner connects an identity provider, sees whom it told of, and lets a group give a role. */
import { copyMigrated } from '../../server/test/support/migrated-postgres.ts';
import { openClient } from '../../server/test/support/pg-client.ts';
import { graveFindings } from './axe.ts';
import { askScim } from './directory-sights.ts';
import { loaded } from './pages.ts';
import { expect, type House, openPublicHouse, type Page, test } from './support.ts';

const DOMAIN = 'acme.example';
const dialog = (page: Page) => page.getByRole('dialog');
const rowOf = (page: Page, name: string | RegExp) => page.getByRole('row', { name });

interface Directory extends House {
  readonly page: string;
  scim(token: string, method: string, path: string, body?: unknown): ReturnType<typeof askScim>;
  close(): Promise<void>;
}

/** A gateway with a public URL, whose demo organization has a verified domain. */
async function openDirectory(): Promise<Directory | null> {
  const database = await copyMigrated();
  if (database === null) return null;
  const house = await openPublicHouse({ DATABASE_URL: database.url });
  const client = await openClient(database.url);
  await client.query(
    "insert into organization_domains (organization_id, domain, challenge, state, created_by) values ($1, $2, 'x', 'verified', 'test')",
    [house.organizationId, DOMAIN],
  );
  await client.end();
  return {
    ...house,
    page: `${house.url}/organizations/${house.organizationId}/directory`,
    scim: (token, method, path, body) => askScim(house, token, method, path, body),
    close: async () => {
      await house.gateway.stop();
      await database.drop();
    },
  };
}

let directory: Directory | null = null;
test.beforeAll(async () => {
  test.setTimeout(180_000);
  directory = await openDirectory();
});
test.afterAll(async () => directory?.close());

function opened(): Directory {
  test.skip(directory === null, 'PostgreSQL is not installed');
  return directory as Directory;
}

test('an owner connects a provider, sees its people and what was refused, gives a group a role, and takes both back', async ({
  page,
}) => {
  test.setTimeout(180_000);
  const house = opened();
  await house.signIn(page, 'org_owner');
  await page.goto(`${house.url}/organizations/${house.organizationId}?tab=members`);
  await page.getByRole('link', { name: 'Directory' }).click();
  await expect(page.getByRole('heading', { name: 'Directory', level: 1 })).toBeVisible();
  await expect(page.getByLabel('Address of the SCIM endpoint')).toHaveValue(`${house.url}/scim/v2`);
  await expect(page.getByText(DOMAIN)).toBeVisible();

  await page.getByRole('button', { name: 'Create token' }).first().click();
  await dialog(page).getByRole('button', { name: 'Create token' }).click();
  await expect(dialog(page).getByText('Enter a name.')).toBeVisible();
  await dialog(page).getByLabel('Name').fill('Okta');
  await dialog(page).getByRole('button', { name: 'Create token' }).click();
  const token = await page.getByLabel('Token', { exact: true }).inputValue();
  expect(token).toMatch(/^hgscim_/);
  await page.getByRole('button', { name: 'I have stored it' }).click();
  await expect(rowOf(page, /Okta/)).toContainText('Active');
  await expect(page.getByText(token)).toHaveCount(0);

  const ada = await house.scim(token, 'POST', '/Users', {
    userName: `ada@${DOMAIN}`,
    displayName: 'Ada Lovelace',
    externalId: '00u1',
  });
  const bob = await house.scim(token, 'POST', '/Users', { userName: `bob@${DOMAIN}`, displayName: 'Bob Byte', active: false });
  const refused = await house.scim(token, 'POST', '/Users', { userName: 'eve@elsewhere.example', displayName: 'Eve' });
  expect([ada.status, bob.status, refused.status]).toEqual([201, 201, 400]);
  const group = await house.scim(token, 'POST', '/Groups', { displayName: 'Auditors', members: [{ value: ada.body.id }] });

  await page.getByText('People', { exact: true }).first().click();
  await expect(rowOf(page, /Ada Lovelace/)).toContainText('Active');
  await expect(rowOf(page, /Bob Byte/)).toContainText('Inactive');
  await page.getByRole('combobox', { name: 'State' }).click();
  await page.getByRole('option', { name: 'Inactive' }).click();
  await expect(rowOf(page, /Ada Lovelace/)).toHaveCount(0);
  await page.getByText('Refused', { exact: true }).click();
  await expect(rowOf(page, /eve@elsewhere\.example/)).toContainText('is not in a domain that this organization has verified');

  await page.getByText('Groups', { exact: true }).first().click();
  await expect(rowOf(page, /Auditors/)).toContainText('No role');
  // Nothing else gives roles by groups here.
  await expect(page.getByText('group mappings of single sign-on too', { exact: false })).toHaveCount(0);
  await page.getByRole('button', { name: 'Actions for Auditors' }).click();
  await page.getByRole('menuitem', { name: 'Give a role' }).click();
  await dialog(page).getByText('Role in the organization', { exact: true }).first().click();
  await dialog(page).getByRole('combobox', { name: 'Role in the organization' }).click();
  await page.getByRole('option', { name: /^Auditor/ }).click();
  await dialog(page).getByRole('button', { name: 'Give a role' }).click();
  await expect(rowOf(page, /Auditors/)).toContainText('Auditor');
  await expect(page.getByRole('status').getByText('The roles of 1 person are being worked out.')).toBeVisible();
  const member = `/organizations/${house.organizationId}/members/${ada.body.id}`;
  // The next change of the group works the role out at once, without the job.
  await house.scim(token, 'PATCH', `/Groups/${group.body.id}`, { Operations: [{ op: 'remove', path: 'members' }] });
  await house.scim(token, 'PATCH', `/Groups/${group.body.id}`, {
    Operations: [{ op: 'add', path: 'members', value: [{ value: ada.body.id }] }],
  });
  expect((await house.api<{ role: string }>('GET', member)).role).toBe('org_auditor');
  await house.api('POST', '/jobs/directory-roles/run');
  await expect(page.getByText('are being worked out')).toHaveCount(0);
  // Among the mappings of the sign-in, the group has its name.
  await page.goto(`${house.url}/organizations/${house.organizationId}?tab=sign-in&part=groups`);
  await expect(rowOf(page, /Auditors/)).toContainText('SCIM directory');
  await page.getByRole('button', { name: 'Remove the mapping of Auditors' }).click();
  await expect(dialog(page)).toContainText('within about a minute');
  await page.goto(`${house.page}?part=groups`);
  await page.getByRole('button', { name: 'Take Auditor from the group Auditors' }).click();
  await dialog(page).getByRole('button', { name: 'Take the role away' }).click();
  await expect(rowOf(page, /Auditors/)).toContainText('No role');

  await page.getByText('Connection', { exact: true }).click();
  await page.getByRole('button', { name: 'Actions for Okta' }).click();
  await page.getByRole('menuitem', { name: 'Revoke token' }).click();
  await dialog(page).getByRole('textbox').fill('Okta');
  await dialog(page).getByRole('button', { name: 'Revoke token' }).click();
  await expect(rowOf(page, /Okta/)).toContainText('Revoked');
  expect((await house.scim(token, 'GET', '/Users')).status).toBe(401);
});

test('each part is without serious findings in both themes, and fits a phone', async ({ page }) => {
  test.setTimeout(180_000);
  const house = opened();
  const path = `/organizations/${house.organizationId}/scim-tokens`;
  const { token } = await house.api<{ token: string }>('POST', path, { name: 'Entra' });
  await house.scim(token, 'POST', '/Users', {
    userName: `phone@${DOMAIN}`,
    displayName: 'Somebody with a name that is rather long for a phone',
  });
  await house.scim(token, 'POST', '/Groups', { displayName: 'A group with a name that is rather long for a phone as well' });
  await house.scim(token, 'POST', '/Users', { userName: 'x@elsewhere.example', displayName: 'X' });
  await house.signIn(page, 'org_owner');
  const findings: string[] = [];
  for (const part of ['connection', 'people', 'groups', 'refused']) {
    await page.setViewportSize({ width: 1280, height: 900 });
    await page.goto(`${house.page}?part=${part}`);
    await loaded(page);
    findings.push(...(await graveFindings(page, part)));
    await page.setViewportSize({ width: 390, height: 844 });
    await loaded(page);
    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    if (width > 390) findings.push(`${part}: ${width} pixels wide on a phone`);
  }
  expect(findings).toEqual([]);
});

test('an auditor does not get the page of a directory', async ({ page }) => {
  const house = opened();
  await house.signIn(page, 'org_auditor');
  await page.goto(house.page);
  await expect(page.getByRole('alert')).toBeVisible();
  await expect(page.getByRole('button', { name: 'Create token' })).toHaveCount(0);
});
