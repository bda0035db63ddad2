/** An organization with batches at a vendor that answers them, for tests and pictures of the page. */
import { type BatchVendor, startBatchVendor } from '../../server/test/support/batch-vendor.ts';
import type { Sight } from './sight.ts';
import { exactly } from './sight-steps.ts';
import type { House, Page } from './support.ts';

interface MadeBatch {
  readonly organizationId: string;
  readonly batchId: string;
  readonly fileId: string;
  readonly filename: string;
  readonly vendor: BatchVendor;
}

/** Uploads lines with a key, as an application does. */
export async function upload(house: House, secret: string, filename: string, lines: readonly object[]): Promise<string> {
  const body = new FormData();
  body.set('purpose', 'batch');
  body.set('file', new Blob([lines.map((line) => `${JSON.stringify(line)}\n`).join('')]), filename);
  const answer = await fetch(`${house.url}/v1/files`, { method: 'POST', headers: { authorization: `Bearer ${secret}` }, body });
  if (answer.status !== 200) throw new Error(await answer.text());
  return ((await answer.json()) as { id: string }).id;
}

export function lineOf(at: number, model = 'fast', url = '/v1/chat/completions'): object {
  const body = { model, max_tokens: 20, messages: [{ role: 'user', content: `line ${at}` }] };
  return { custom_id: `r-${at}`, method: 'POST', url, body };
}

/** Makes a batch of five lines, of which one is refused. The vendor answers the others after `runMs`. */
export async function makeBatch(house: House, runMs: number): Promise<MadeBatch> {
  const mark = Date.now().toString(36);
  const vendor = await startBatchVendor({ runMs });
  const credential = { name: `batches-${mark}`, provider: 'openai', api_key: 'sk-batches-0000', base_url: vendor.baseUrl };
  const { id: credential_id } = await house.api<{ id: string }>('POST', '/credentials', credential);
  const model = `nightly-${mark}`;
  const prices = { input_per_million: '2.00', output_per_million: '8.00' };
  const deployment = { model, provider: 'openai', upstream_model: 'gpt-batched', mode: 'chat', prices, credential_id };
  await house.api('POST', '/deployments', deployment);
  const organization = { slug: `batches-${mark}`, name: `Nightly work ${mark}`, asset_access: { mode: 'all' } };
  const { id: organizationId } = await house.api<{ id: string }>('POST', '/organizations', organization);
  const team = await house.api<{ id: string }>('POST', `/organizations/${organizationId}/teams`, { name: 'Research' });
  const { secret } = await house.api<{ secret: string }>('POST', '/keys', { team_id: team.id, name: 'nightly job' });
  const filename = `questions-${mark}.jsonl`;
  const lines = [0, 1, 2, 3].map((at) => lineOf(at, model));
  const fileId = await upload(house, secret, filename, [...lines, lineOf(4, model, '/v1/embeddings')]);
  const asked = { input_file_id: fileId, endpoint: '/v1/chat/completions', completion_window: '24h' };
  const headers = { authorization: `Bearer ${secret}`, 'content-type': 'application/json' };
  const answer = await fetch(`${house.url}/v1/batches`, { method: 'POST', headers, body: JSON.stringify(asked) });
  if (answer.status !== 200) throw new Error(await answer.text());
  return { organizationId, batchId: ((await answer.json()) as { id: string }).id, fileId, filename, vendor };
}

/** The dialogs of files and batches. */
export function batchSights(organization: string): readonly Sight[] {
  const address = `${organization}?tab=files`;
  return [
    { name: 'file-delete', dialog: 'FilesList: Delete …?', address, open: openFileMenu },
    { name: 'batch', dialog: 'BatchDrawer: Batch', address, open: openBatch(async () => {}) },
    { name: 'batch-cancel', dialog: 'BatchDrawer: Cancel this batch?', address, open: openBatch(exactly('Cancel batch')) },
  ];
}

/** Opens a batch that runs, in an organization of its own, and then what `open` opens. */
function openBatch(open: (page: Page) => Promise<void>) {
  return async (page: Page, house: House) => {
    const { organizationId, batchId } = await makeBatch(house, 3_600_000);
    await page.goto(`${house.url}/organizations/${organizationId}?tab=files&batch=${batchId}`);
    await page.getByRole('dialog', { name: 'Batch' }).getByText('in progress', { exact: false }).first().waitFor();
    await open(page);
  };
}

/** Opens the question before a file is deleted. */
async function openFileMenu(page: Page, house: House): Promise<void> {
  const { organizationId, filename } = await makeBatch(house, 3_600_000);
  await page.goto(`${house.url}/organizations/${organizationId}?tab=files&list=files`);
  await page.getByRole('button', { name: `Actions for ${filename}` }).click();
  await page.getByRole('menuitem', { name: 'Delete…' }).click();
}
