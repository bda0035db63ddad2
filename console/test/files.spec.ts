/** The tab of files and batches: what is uploaded is listed, found and deleted; batches are followed and cancelled. */
import { lineOf, makeBatch, upload } from './batches.ts';
import { expect, type House, test } from './support.ts';

async function uploadedBy(house: House, filename: string): Promise<string> {
  const { secret } = await house.api<{ secret: string }>('POST', '/keys', { team_id: house.teamId, name: `of ${filename}` });
  return upload(house, secret, filename, [lineOf(1)]);
}

test.beforeEach(async ({ page, house }) => {
  await house.signIn(page, 'platform_admin');
});

test('a file is listed without its content, found by a part of its name, and deleted after a question', async ({
  page,
  house,
}) => {
  const mark = Date.now().toString(36);
  const [kept, gone] = [`kept-${mark}.jsonl`, `gone-${mark}.jsonl`];
  const ids = [await uploadedBy(house, kept), await uploadedBy(house, gone)];
  await page.goto(`${house.url}/organizations/${house.organizationId}?tab=files&list=files`);
  for (const name of [kept, gone]) await expect(page.getByRole('row', { name })).toContainText('Requests');
  await page.getByLabel('File name or id').fill(`one-${mark}`);
  await expect(page.getByRole('row', { name: kept })).toHaveCount(0);
  const row = page.getByRole('row', { name: gone });
  await expect(row).toContainText(ids[1] as string);
  await row.getByRole('button', { name: `Actions for ${gone}` }).click();
  await page.getByRole('menuitem', { name: 'Delete…' }).click();
  const dialog = page.getByRole('dialog', { name: `Delete ${gone}?` });
  await expect(dialog).toContainText('A batch that still has to read the file fails.');
  await dialog.getByRole('button', { name: 'Delete file' }).click();
  await expect(page.getByText(`${gone} was deleted.`)).toBeVisible();
  await expect(row).toHaveCount(0);
  const left = await house.api<{ data: { id: string }[] }>('GET', `/organizations/${house.organizationId}/files?search=${mark}`);
  expect(left.data.map(({ id }) => id)).toEqual([ids[0]]);
});

test('a batch is listed with its progress, opened with its errors by line, and cancelled after a question', async ({
  page,
  house,
}) => {
  const made = await makeBatch(house, 3_600_000);
  try {
    await page.goto(`${house.url}/organizations/${made.organizationId}?tab=files`);
    const row = page.getByRole('row', { name: made.batchId });
    await expect(row).toContainText('0 of 5 done, 1 failed');
    await row.click();
    const drawer = page.getByRole('dialog', { name: 'Batch' });
    await expect(drawer).toContainText(made.fileId);
    await expect(drawer).toContainText('Line 5 has another endpoint than the batch.');
    await drawer.getByRole('button', { name: 'Cancel batch' }).click();
    const question = page.getByRole('dialog', { name: 'Cancel this batch?' });
    await expect(question).toContainText('stay charged');
    await question.getByRole('button', { name: 'Cancel batch' }).click();
    await expect(page.getByText('The batch is being cancelled.')).toBeVisible();
    const status = async () =>
      (await house.api<{ status: string }>('GET', `/organizations/${made.organizationId}/batches/${made.batchId}`)).status;
    await expect.poll(status, { timeout: 30_000 }).toBe('cancelled');
    await expect(drawer.getByRole('button', { name: 'Cancel batch' })).toHaveCount(0);
  } finally {
    await made.vendor.close();
  }
});

test('an organization without batches says what makes them appear, and one that turned them off says so', async ({
  page,
  house,
}) => {
  const slug = `no-batches-${Date.now().toString(36)}`;
  const { id } = await house.api<{ id: string }>('POST', '/organizations', { slug, name: slug, batches: 'off' });
  await page.goto(`${house.url}/organizations/${id}?tab=files`);
  await expect(page.getByText('No batches yet')).toBeVisible();
  await expect(page.getByText('This organization does not allow files and batches.')).toBeVisible();
  await page.getByText('Files', { exact: true }).click();
  await expect(page.getByText('No files yet')).toBeVisible();
  await page.goto(`${house.url}/organizations/${id}?tab=settings`);
  await expect(page.getByRole('row', { name: 'Files and batches' })).toContainText('Not allowed');
});
