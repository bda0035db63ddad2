/** The playground in the modes that are no chat: each with its inputs, its answer to look at or hear, its cost and its refusal. */
import { silentWav } from '../../server/src/dialects/exchange.ts';
import { graveFindingsHere } from './axe.ts';
import { type MediaModels, makeMediaModels } from './playground-media.ts';
import { expect, type House, type Page, test } from './support.ts';

const made = new WeakMap<House, Promise<MediaModels>>();

function modelsOf(house: House): Promise<MediaModels> {
  const known = made.get(house) ?? makeMediaModels(house);
  made.set(house, known);
  return known;
}

test.beforeEach(async ({ page, house, context }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await house.signIn(page, 'platform_admin');
  // A page whose policy forbids what it shows says so here.
  page.on('console', (message) => expect(message.text()).not.toMatch(/Content Security Policy/));
});

async function open(page: Page, house: House, mode: Parameters<MediaModels['model']>[0], more = ''): Promise<void> {
  const { keyId, model } = await modelsOf(house);
  await page.goto(`${house.url}/playground?key=${keyId}&model=${model(mode)}${more}`);
}

const turnOf = (page: Page, number = 1) => page.getByRole('article', { name: `Question ${number}` });
const answerOf = (page: Page, number = 1) => turnOf(page, number).getByTestId('answer');
const send = (page: Page) => page.getByRole('button', { name: 'Send', exact: true }).click();
const sound = { name: 'two seconds.wav', mimeType: 'audio/wav', buffer: silentWav(32_000) };

/** The curl command that the wire offers. */
async function curlOf(page: Page): Promise<string> {
  await turnOf(page).getByRole('button', { name: 'Show the wire' }).click();
  await turnOf(page).getByRole('button', { name: 'Copy as curl' }).click();
  return page.evaluate(() => navigator.clipboard.readText());
}

test('embeddings: the length and beginning of each vector, and how alike the texts are', async ({ page, house }) => {
  await open(page, house, 'embedding');
  await expect(page.getByRole('combobox', { name: 'Mode', exact: true })).toHaveValue('Embeddings');
  await page.getByLabel('Text', { exact: true }).fill('a river\na river\na gate');
  await send(page);
  const rows = answerOf(page).locator('tbody tr');
  await expect(rows).toHaveCount(3);
  await expect(rows.nth(1).locator('td').last()).toHaveText('1');
  await expect(turnOf(page).getByText(/ in, 0 out/)).toBeVisible();
  await expect(turnOf(page).getByText('Cost')).toBeVisible();
  await turnOf(page).getByRole('link', { name: /^req_/ }).click();
  await expect(page.getByRole('heading', { name: 'Request', exact: true })).toBeVisible();
});

test('rerank: the documents in order with their scores, and the units', async ({ page, house }) => {
  await open(page, house, 'rerank');
  await page.getByLabel('Query').fill('the river');
  await expect(page.getByText('Fill in: Query, Documents.')).toBeVisible();
  await expect(page.getByRole('button', { name: 'Send', exact: true })).toBeDisabled();
  await page.getByLabel('Documents').fill('A gate.\n\nThe river.');
  await page.getByLabel('Results at most').fill('1');
  await send(page);
  const rows = answerOf(page).locator('tbody tr');
  await expect(rows).toHaveCount(1);
  await expect(rows.first()).toContainText('The river.');
  await expect(turnOf(page).getByText('Search unit')).toBeVisible();
  await expect(turnOf(page).getByText('$0.002')).toBeVisible();
});

test('moderations: the categories with their scores', async ({ page, house }) => {
  await open(page, house, 'moderation');
  await page.getByLabel('Text', { exact: true }).fill('kill it');
  await send(page);
  await expect(answerOf(page).getByText('Flagged').first()).toBeVisible();
  await expect(answerOf(page).getByRole('row', { name: /violence/ })).toContainText('0.97');
});

test('images: each picture is seen, and kept as a file', async ({ page, house }) => {
  await open(page, house, 'image');
  await page.getByLabel('Prompt').fill('A dot');
  await page.getByLabel('Pictures', { exact: true }).fill('2');
  await page.getByRole('combobox', { name: 'Size' }).fill('1024x1024');
  await page.getByLabel('Prompt').click();
  await send(page);
  const pictures = answerOf(page).getByRole('img', { name: 'Picture made for: A dot' });
  await expect(pictures).toHaveCount(2);
  // It is loaded, not only linked.
  await expect.poll(() => pictures.first().evaluate((image: HTMLImageElement) => image.naturalWidth)).toBe(1);
  const downloading = page.waitForEvent('download');
  await answerOf(page).getByRole('link', { name: 'Download' }).first().click();
  expect((await downloading).suggestedFilename()).toBe('picture-1.png');
  const command = await curlOf(page);
  expect(command).toContain('/v1/images/generations');
  expect(command).toContain('"size": "1024x1024"');
  await expect(turnOf(page).getByRole('region', { name: 'Answer' })).toContainText('"b64_json"');
});

test('image edits: pictures are uploaded as a form', async ({ page, house }) => {
  await open(page, house, 'image');
  await page.getByRole('combobox', { name: 'Call' }).click();
  await page.getByRole('option', { name: 'Image edits' }).click();
  const dot = { name: 'dot.png', mimeType: 'image/png', buffer: Buffer.from('a picture') };
  await page
    .locator('input[type=file]')
    .first()
    .setInputFiles([dot, { ...dot, name: 'other "dot".png' }]);
  await page.getByLabel('Prompt').fill('A larger dot');
  await send(page);
  await expect(answerOf(page).getByRole('img', { name: 'Picture made for: A larger dot' })).toHaveCount(1);
  const command = await curlOf(page);
  expect(command).toContain(`-F 'image[]=@"dot.png";type=image/png'`);
  expect(command).toContain("--form-string 'prompt=A larger dot'");
  await expect(turnOf(page).getByRole('region', { name: 'Request' })).toContainText('image[]: dot.png (image/png, 9 bytes)');
});

test('speech: it is heard, and kept as a file', async ({ page, house }) => {
  await open(page, house, 'speech');
  await page.getByLabel('Text', { exact: true }).fill('Good morning to all.');
  await send(page);
  const player = answerOf(page).getByLabel('Speech');
  await expect.poll(() => player.evaluate((audio: HTMLAudioElement) => audio.duration)).toBeGreaterThan(1);
  const downloading = page.waitForEvent('download');
  await answerOf(page).getByRole('link', { name: 'Download' }).click();
  expect((await downloading).suggestedFilename()).toBe('speech.wav');
  await expect(turnOf(page).getByText('Character spoken')).toBeVisible();
  expect(await curlOf(page)).toContain('--output answer.bin');
});

test('transcriptions: a sound file is written down, as text and as subtitles', async ({ page, house }) => {
  await open(page, house, 'transcription');
  await page.locator('input[type=file]').setInputFiles(sound);
  await send(page);
  await expect(answerOf(page)).toHaveText('silence silence');
  await expect(turnOf(page).getByText('Second of input')).toBeVisible();
  await page.getByRole('combobox', { name: 'Format' }).fill('srt');
  await page.getByLabel('Prompt').click();
  await send(page);
  await expect(answerOf(page, 2)).toContainText('00:00:02,000');
  await turnOf(page, 2).getByRole('button', { name: 'Send again' }).click();
  await expect(answerOf(page, 3)).toContainText('00:00:02,000');
});

test('translations, text completions and a mode that the model does not have', async ({ page, house }) => {
  await open(page, house, 'transcription', '&call=translations');
  await page.locator('input[type=file]').setInputFiles(sound);
  await send(page);
  await expect(answerOf(page)).toHaveText('silence silence');

  await open(page, house, 'completion');
  await expect(page.getByRole('combobox', { name: 'Mode', exact: true })).toHaveValue('Text completions');
  await page.getByLabel('Message', { exact: true }).fill('Once upon a time');
  await send(page);
  await expect(answerOf(page)).not.toBeEmpty();
  await turnOf(page).getByRole('button', { name: 'Show the wire' }).click();
  await expect(turnOf(page).getByRole('region', { name: 'Request' })).toContainText('POST /v1/completions');

  await open(page, house, 'speech', '&mode=rerank');
  await page.getByLabel('Query').fill('river');
  await page.getByLabel('Documents').fill('A river.');
  await send(page);
  await expect(turnOf(page).getByText(/^Refused with invalid_request/)).toBeVisible();
  await expect(answerOf(page)).toHaveCount(0);
});

test('a file that is too large is refused where it is chosen, and a refusal names its rule', async ({ page, house }) => {
  await open(page, house, 'transcription');
  await page.locator('input[type=file]').setInputFiles({ ...sound, buffer: Buffer.alloc(4_000_000) });
  await expect(page.getByText('The files have 4 MB, and the playground sends at most 3 MB.')).toBeVisible();
  await expect(page.getByRole('button', { name: 'Send', exact: true })).toBeDisabled();
  await page.locator('input[type=file]').setInputFiles(sound);
  await expect(page.getByText(/^The files have/)).toHaveCount(0);

  const { teamId, model } = await modelsOf(house);
  const limits = { rate_limits: { rpm: 0 } };
  const { id } = await house.api<{ id: string }>('POST', '/keys', { team_id: teamId, name: 'muted studio', ...limits });
  await page.goto(`${house.url}/playground?key=${id}&model=${model('speech')}`);
  await page.getByLabel('Text', { exact: true }).fill('Nobody hears this.');
  await send(page);
  await expect(turnOf(page).getByText(/^Refused/)).toBeVisible();
  await expect(turnOf(page).getByText(/rate_limit_exceeded/)).toBeVisible();
});

test('on a phone, by keyboard and for a screen reader', async ({ page, house }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await open(page, house, 'rerank');
  await page.getByLabel('Query').fill('river');
  await page.keyboard.press('Tab');
  await page.keyboard.type('A river.');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await expect(answerOf(page)).toBeVisible();
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
  expect(await graveFindingsHere(page)).toEqual([]);
  await open(page, house, 'moderation');
  await page.getByLabel('Text', { exact: true }).fill('kill it');
  await send(page);
  const [card, table] = [turnOf(page), answerOf(page).getByRole('table')];
  await expect(table).toBeVisible();
  const widthOf = async (part: typeof card) => (await part.boundingBox())?.width ?? 0;
  expect(await widthOf(table)).toBeLessThanOrEqual(await widthOf(card));
  await open(page, house, 'transcription');
  await page.locator('input[type=file]').setInputFiles(sound);
  await send(page);
  await expect(answerOf(page)).toBeVisible();
  expect(await graveFindingsHere(page)).toEqual([]);
});
