/** The dialects of the playground: each answers, streams and fails in its own form, and its request and answer are shown as they were sent. */
import type { Page } from '@playwright/test';
import { expect, type House, test } from './support.ts';

interface Row {
  readonly id: string;
  readonly name: string;
  /** The first line of the request that streams. */
  readonly line: string;
  readonly whole: string;
  /** A field of its bodies, and what its stream ends with. */
  readonly field: string;
  readonly last: string;
  /** The name of its endpoint in the request log, and of its error when a limit refuses. */
  readonly endpoint: string;
  readonly code: string;
  /** The name of the error within a stream that breaks off. */
  readonly broken: string;
  readonly secretHeader: string;
}

const ROWS: readonly Row[] = [
  {
    id: 'chat',
    name: 'OpenAI Chat Completions',
    line: 'POST /v1/chat/completions',
    whole: 'POST /v1/chat/completions',
    field: '"max_tokens": 60',
    last: 'data: [DONE]',
    endpoint: 'chat_completions',
    code: 'rate_limit_exceeded',
    broken: 'provider_error',
    secretHeader: 'authorization: Bearer $HEADGATE_KEY',
  },
  {
    id: 'responses',
    name: 'OpenAI Responses',
    line: 'POST /v1/responses',
    whole: 'POST /v1/responses',
    field: '"max_output_tokens": 60',
    last: 'event: response.completed',
    endpoint: 'responses',
    code: 'rate_limit_exceeded',
    broken: 'server_error',
    secretHeader: 'authorization: Bearer $HEADGATE_KEY',
  },
  {
    id: 'messages',
    name: 'Anthropic Messages',
    line: 'POST /v1/messages',
    whole: 'POST /v1/messages',
    field: '"max_tokens": 60',
    last: 'event: message_stop',
    endpoint: 'messages',
    code: 'rate_limit_error',
    broken: 'api_error',
    secretHeader: 'x-api-key: $HEADGATE_KEY',
  },
  {
    id: 'gemini',
    name: 'Gemini generateContent',
    line: 'POST /v1beta/models/fast:streamGenerateContent?alt=sse',
    whole: 'POST /v1beta/models/fast:generateContent',
    field: '"maxOutputTokens": 60',
    last: '"finishReason":"STOP"',
    endpoint: 'generate_content',
    code: 'RESOURCE_EXHAUSTED',
    broken: 'UNAVAILABLE',
    secretHeader: 'x-goog-api-key: $HEADGATE_KEY',
  },
  {
    id: 'completions',
    name: 'OpenAI Completions',
    line: 'POST /v1/completions',
    whole: 'POST /v1/completions',
    field: '"max_tokens": 60',
    last: 'data: [DONE]',
    endpoint: 'completions',
    code: 'rate_limit_exceeded',
    broken: 'provider_error',
    secretHeader: 'authorization: Bearer $HEADGATE_KEY',
  },
];

const turnOf = (page: Page, number: number) => page.getByRole('article', { name: `Question ${number}` });
const textOf = (page: Page, number: number, title: string) => turnOf(page, number).getByRole('region', { name: title });

async function ask(page: Page, text: string): Promise<void> {
  await page.getByLabel('Message', { exact: true }).fill(text);
  await page.getByLabel('Message', { exact: true }).press('Enter');
}

async function makeKey(house: House, name: string, more: object = {}): Promise<string> {
  return (await house.api<{ id: string }>('POST', '/keys', { team_id: house.teamId, name, ...more })).id;
}

test.beforeEach(({ context }) => context.grantPermissions(['clipboard-read', 'clipboard-write']));

for (const row of ROWS)
  test(`${row.name}: a stream, a whole answer and a refusal, with what was on the wire`, async ({ page, house }) => {
    await house.signIn(page, 'platform_admin');
    const key = await makeKey(house, `wire ${row.id}`);
    await page.goto(`${house.url}/playground?key=${key}&model=fast`);
    await page.getByRole('combobox', { name: 'Dialect' }).click();
    await page.getByRole('option', { name: row.name }).click();
    await page.getByLabel('Maximum output tokens').fill('60');
    await page.getByLabel('System message').fill('You are terse.');

    await ask(page, "What's up?");
    await expect(turnOf(page, 1).getByTestId('answer')).not.toBeEmpty();
    await turnOf(page, 1).getByRole('button', { name: 'Show the wire' }).click();
    const request = textOf(page, 1, 'Request');
    await expect(request).toContainText(row.line);
    for (const part of ['content-type: application/json', row.field, 'You are terse.', "What's up?"])
      await expect(request).toContainText(part);
    await expect(request).not.toContainText('authorization');
    const answer = textOf(page, 1, 'Answer');
    await expect(answer).toContainText(/^HTTP 200/);
    await expect(answer).toContainText('x-headgate-deployment: dep_');
    await expect(answer).toContainText(row.last);
    await expect(turnOf(page, 1).getByText('Nothing of the request was left out.')).toBeVisible();

    // What is copied answers outside the console too, if the shell has the key's secret.
    await turnOf(page, 1).getByRole('button', { name: 'Copy as curl' }).click();
    const command = await page.evaluate(() => navigator.clipboard.readText());
    expect(command).toContain(`curl '${house.url}${row.line.slice('POST '.length)}'`);
    expect(command).toContain(row.secretHeader);
    expect(command).toContain("What'\\''s up?");
    await turnOf(page, 1).getByRole('button', { name: 'Copy the answer' }).click();
    expect(await page.evaluate(() => navigator.clipboard.readText())).toContain(row.last);

    // The answer before is sent with the next question.
    const said = (await turnOf(page, 1).getByTestId('answer').textContent()) as string;
    await page.getByLabel('Stream the answer').click({ force: true });
    await ask(page, 'And now?');
    await expect(turnOf(page, 2).getByTestId('answer')).not.toBeEmpty();
    await expect(textOf(page, 2, 'Request')).toContainText(row.whole);
    await expect(textOf(page, 2, 'Request')).toContainText(JSON.stringify(said).slice(1, -1));
    await expect(textOf(page, 2, 'Answer')).toContainText('content-type: application/json');

    const rows = () => house.api<{ data: { endpoint: string; stream: boolean }[] }>('GET', `/requests?key_id=${key}`);
    await expect
      .poll(async () => (await rows()).data.map(({ endpoint, stream }) => [endpoint, stream]))
      .toEqual([
        [row.endpoint, false],
        [row.endpoint, true],
      ]);

    await house.api('PATCH', `/keys/${key}`, { rate_limits: { rpm: 0 } });
    await ask(page, 'Still there?');
    await expect(turnOf(page, 3).getByText(/^Refused/)).toBeVisible();
    await expect(turnOf(page, 3).getByText(`HTTP 429 · ${row.code}`)).toBeVisible();
    await expect(textOf(page, 3, 'Answer')).toContainText(row.code);
  });

test('a field that the provider’s dialect lacks is named, and one that no dialect allows is refused in the dialect’s words', async ({
  page,
  house,
}) => {
  await house.signIn(page, 'platform_admin');
  const key = await makeKey(house, 'wire drops');
  await page.goto(`${house.url}/playground?key=${key}&model=fast&dialect=messages&wire=on`);
  const more = page.getByLabel('More fields of the body');
  await more.fill('{"top_k": 5');
  await page.getByLabel('Message', { exact: true }).fill('Who is there?');
  await expect(page.getByText('Write an object in JSON')).toBeVisible();
  await expect(page.getByRole('button', { name: 'Send', exact: true })).toBeDisabled();
  await more.fill('{"top_k": 5}');
  await page.getByRole('button', { name: 'Send', exact: true }).click();
  await expect(turnOf(page, 1).getByText('1 field left out')).toBeVisible();
  await expect(textOf(page, 1, 'Request')).toContainText('"top_k": 5');
  await expect(textOf(page, 1, 'Answer')).toContainText('x-headgate-dropped: top_k');
  await turnOf(page, 1).getByRole('button', { name: 'Copy the fields that were left out' }).click();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe('top_k');
  await more.fill('{"messages": "none"}');
  await ask(page, 'And now?');
  // Once the request is in the log, its decision explains the refusal, and this stands below it.
  await expect(turnOf(page, 2).getByText(/HTTP 400 · invalid_request_error/)).toBeVisible();
});

test('a stream that breaks off is a failure with the dialect’s own error, after the text that came', async ({ page, house }) => {
  await house.signIn(page, 'platform_admin');
  const prices = { input_per_million: '0.05', output_per_million: '0.40' };
  const model = `breaks-${Date.now()}`;
  await house.api('POST', '/deployments', { model, provider: 'fake', upstream_model: 'fake-fails-mid-stream', prices });
  const all = { slug: model, name: 'Breaks off', asset_access: { mode: 'all' } };
  const { id: organizationId } = await house.api<{ id: string }>('POST', '/organizations', all);
  const team = await house.api<{ id: string }>('POST', `/organizations/${organizationId}/teams`, { name: 'Breaking' });
  const { id: key } = await house.api<{ id: string }>('POST', '/keys', { team_id: team.id, name: 'wire breaks' });
  for (const { id, broken } of ROWS) {
    await page.goto(`${house.url}/playground?key=${key}&model=${model}&dialect=${id}&wire=on`);
    await ask(page, 'Tell me a long story, please.');
    await expect(turnOf(page, 1).getByRole('alert')).toContainText(`complete${broken}`);
    await expect(turnOf(page, 1).getByTestId('answer')).not.toBeEmpty();
  }
});

test('by keyboard alone: a dialect is chosen, a message sent and its wire opened', async ({ page, house }) => {
  await house.signIn(page, 'platform_admin');
  const key = await makeKey(house, 'wire keyboard');
  await page.goto(`${house.url}/playground?key=${key}&model=fast`);
  await page.getByRole('combobox', { name: 'Dialect' }).focus();
  await page.keyboard.press('Enter');
  const option = page.getByRole('option', { name: 'Anthropic Messages' });
  await expect(option).toBeVisible();
  await expect(async () => {
    await page.keyboard.press('ArrowDown');
    await expect(option).toHaveAttribute('data-combobox-selected', 'true', { timeout: 500 });
  }).toPass();
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/dialect=messages/);
  await ask(page, 'Hello');
  const shows = turnOf(page, 1).getByRole('button', { name: 'Show the wire' });
  await shows.focus();
  await page.keyboard.press('Enter');
  await expect(textOf(page, 1, 'Request')).toBeVisible();
  await textOf(page, 1, 'Answer').focus();
  await expect(textOf(page, 1, 'Answer')).toBeFocused();
});

test.describe('on a phone', () => {
  test.use({ viewport: { width: 390, height: 844 } });
  test('the wire stays within the screen', async ({ page, house }) => {
    await house.signIn(page, 'platform_admin');
    const key = await makeKey(house, 'wire pocket');
    await page.goto(`${house.url}/playground?key=${key}&model=fast&dialect=gemini&wire=on`);
    await ask(page, 'Hello');
    await expect(textOf(page, 1, 'Answer')).toContainText('finishReason');
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
  });
});
