/**
 * Ten tasks of the five people who open a console. Each is done by the shortest way that the console offers to somebody who begins at the
 * Overview and uses a mouse; where a newer console has a shorter way, the same steps take it. What was done is judged by the gateway.
 */
import { readFileSync } from 'node:fs';
import type { Locator, Page } from '@playwright/test';
import type { TaskHouse } from './fixture.ts';
import { firstSeen, type Hand, NotPossible } from './hand.ts';

export interface Task {
  readonly name: string;
  /** What somebody is asked to do. */
  words(site: TaskHouse): string;
  /** Does it. Returns what was found, for a task that asks for something; else nothing. */
  perform(hand: Hand, site: TaskHouse): Promise<string>;
  /** Returns what is missing for it to be done, as the gateway sees it; null if nothing is. */
  missing(site: TaskHouse, answer: string): Promise<string | null>;
  /** Clicks that it may need. It only becomes less. */
  readonly clicksMax: number;
}

const TENANT = 'Initech';
const RPM = 500;
const MODEL = 'smart';

const dialogOf = (page: Page) => page.getByRole('dialog');
const mainOf = (page: Page) => page.getByRole('main');
const rowOf = (page: Page, name: RegExp) => mainOf(page).getByRole('row', { name });
const buttonIn = (within: Locator, name: string | RegExp) => within.getByRole('button', { name });

/** Waits until the dialog is gone: what it did is done. */
const closed = (page: Page) => dialogOf(page).first().waitFor({ state: 'hidden', timeout: 8_000 });

const makeTenant: Task = {
  name: 'make a tenant',
  clicksMax: 4,
  words: () => `Make a new organization that is called “${TENANT}”.`,
  perform: async (hand) => {
    const { page } = hand;
    await hand.go('Organizations');
    await hand.click(buttonIn(mainOf(page), /^(Create|New) organization/));
    await hand.write(dialogOf(page).getByRole('textbox', { name: 'Name' }), TENANT);
    await hand.click(buttonIn(dialogOf(page), /^Create/).last());
    await closed(page);
    return '';
  },
  missing: async ({ house }) => {
    const { data } = await house.api<{ data: { name: string }[] }>('GET', `/organizations?search=${TENANT}`);
    return data.some(({ name }) => name === TENANT) ? null : `no organization is called ${TENANT}`;
  },
};

const findFailure: Task = {
  name: 'find why a call failed',
  clicksMax: 2,
  words: ({ failing }) =>
    `A call with the key “${failing.key}” failed today. Which status did the provider answer, and what did it say?`,
  perform: async (hand) => {
    const { page } = hand;
    await hand.go(/^Requests/);
    await hand.click(rowOf(page, /billing bot/).getByRole('link'));
    await page.waitForURL(/\/requests\/req_/);
    return await textOf(mainOf(page), /500|upstream/);
  },
  missing: async ({ house, failing }, answer) => {
    const path = `/requests/${failing.requestId}`;
    const { attempts_made } = await house.api<{ attempts_made: { status: number | null }[] }>('GET', path);
    const status = String(attempts_made[0]?.status);
    return answer.includes(status) ? null : `the provider answered ${status}, and the answer does not say so`;
  },
};

const raiseLimit: Task = {
  name: 'raise a limit',
  clicksMax: 6,
  words: () => `The team “Support” of Acme may make 250 requests per minute. Let it make ${RPM}.`,
  perform: async (hand) => {
    const { page } = hand;
    await hand.go('Teams');
    await hand.click(rowOf(page, /Support/).getByRole('link', { name: 'Support' }));
    await hand.click(buttonIn(mainOf(page), /^Edit/));
    const field = dialogOf(page).getByRole('textbox', { name: /^Requests per minute/ });
    if ((await firstSeen([field])) === null) await hand.click(buttonIn(dialogOf(page), /Rate limits/));
    await hand.write(field, String(RPM));
    await hand.click(buttonIn(dialogOf(page), /^Save/));
    await closed(page);
    return '';
  },
  missing: async ({ house, supportId }) => {
    const { rate_limits } = await house.api<{ rate_limits: { rpm: number | null } }>('GET', `/teams/${supportId}`);
    return rate_limits.rpm === RPM ? null : `the limit is ${rate_limits.rpm}`;
  },
};

const addToTeam: Task = {
  name: 'add a person to a team',
  clicksMax: 7,
  words: ({ person }) => `${person.name} is a member of Acme. Add her to its team “Research” as a developer.`,
  perform: async (hand, { person }) => {
    const { page } = hand;
    await hand.go('Teams');
    await hand.click(rowOf(page, /Research/).getByRole('link', { name: 'Research' }));
    await hand.click(page.getByRole('tab', { name: /^(Members|People)/ }));
    await hand.click(buttonIn(mainOf(page), /^Add (person|member)/));
    const field = await firstSeen([
      dialogOf(page).getByRole('combobox', { name: /Person|Member|Name/ }),
      dialogOf(page).getByRole('textbox', { name: /Person|Member|Name/ }),
    ]);
    if (field === null) throw new NotPossible('no field asks for the person');
    await hand.choose(field, new RegExp(person.name), person.name.slice(0, 4));
    await hand.click(buttonIn(dialogOf(page), /^Add/).last());
    await closed(page);
    return '';
  },
  missing: async ({ house, researchId, person }) => {
    const { data } = await house.api<{ data: { account_id: string; role: string }[] }>('GET', `/teams/${researchId}/members`);
    const found = data.find(({ account_id }) => account_id === person.accountId);
    return found === undefined ? `${person.name} is not in the team` : null;
  },
};

const findCallers: Task = {
  name: 'find who can call a model',
  clicksMax: 5,
  words: () => `Which keys can call the model “${MODEL}”?`,
  perform: async (hand) => {
    const { page } = hand;
    await hand.go(/^Access explorer/);
    await hand.click(page.getByText(/^Who can call a (target|model)/));
    await hand.choose(mainOf(page).getByRole('combobox', { name: /Target|Model/ }), new RegExp(`^${MODEL}`));
    const levels = page.getByRole('tab', { name: /Keys/ });
    if ((await firstSeen([levels])) !== null && (await levels.getAttribute('aria-selected')) !== 'true') await hand.click(levels);
    return await textOf(mainOf(page), /alan/);
  },
  missing: async ({ house }, answer) => {
    const { data } = await house.api<{ data: { id: string; name: string }[] }>('GET', '/keys?limit=100');
    const may = await Promise.all(data.map(async (key) => ({ ...key, may: await isCallable(house, key.id) })));
    const unlike = may.filter(({ name, may }) => may !== answer.includes(name)).map(({ name }) => name);
    return unlike.length === 0 ? null : `wrong about ${unlike.join(', ')}`;
  },
};

async function isCallable(house: TaskHouse['house'], keyId: string): Promise<boolean> {
  const said = await house.api<object>('GET', `/access/explain?key_id=${keyId}&target=${MODEL}`);
  return JSON.stringify(said).includes('"allowed":true');
}

const revokeKey: Task = {
  name: 'revoke a key',
  clicksMax: 6,
  words: () => 'A laptop was stolen. Revoke the key “old laptop”.',
  perform: async (hand) => {
    const { page } = hand;
    await hand.go('API keys');
    const menu = buttonIn(mainOf(page), 'Actions for old laptop');
    const link = mainOf(page).getByRole('link', { name: 'old laptop' });
    const found = await firstSeen([menu, link]);
    if (found === null) throw new NotPossible('the key is not listed');
    await hand.click(found);
    await openRevocation(hand);
    const name = dialogOf(page).getByRole('textbox');
    if ((await firstSeen([name])) !== null) await hand.write(name, 'old laptop');
    await hand.click(buttonIn(dialogOf(page), /^Revoke/));
    await closed(page);
    return '';
  },
  missing: async ({ house, leakedKeyId }) => {
    const { status } = await house.api<{ status: string }>('GET', `/keys/${leakedKeyId}`);
    return status === 'revoked' ? null : `the key is ${status}`;
  },
};

/** From a row's menu or from the key's page. */
async function openRevocation(hand: Hand): Promise<void> {
  const { page } = hand;
  const item = page.getByRole('menuitem', { name: /^Revoke/ });
  const onPage = buttonIn(mainOf(page), /^Revoke/);
  const found = await firstSeen([item, onPage], 5_000);
  if (found === null) throw new NotPossible('nothing revokes the key');
  await hand.click(found);
}

const compareMonths: Task = {
  name: 'compare two months',
  clicksMax: 7,
  words: ({ months }) => `How much did Acme spend in ${months.last.name}, and how much so far in ${months.present.name}?`,
  perform: async (hand, { months }) => {
    const { page } = hand;
    await hand.go(/^Usage/);
    await hand.click(page.getByRole('combobox', { name: 'Time range' }));
    const ready = await firstSeen([page.getByRole('option', { name: /^This month/i })]);
    const custom = page.getByRole('option', { name: /From – to|Custom/ });
    if (ready === null) {
      await hand.click(custom);
      await setRange(hand, months.present);
    } else await hand.click(ready);
    const present = await settledText(page);
    if (ready === null) await setRange(hand, months.last);
    else {
      await hand.click(page.getByRole('combobox', { name: 'Time range' }));
      await hand.click(page.getByRole('option', { name: /^(Last|Previous) month/i }));
    }
    return `${present}\n${await settledText(page)}`;
  },
  missing: async ({ house, months }, answer) => {
    const spends = await Promise.all(
      [months.last, months.present].map(async ({ from, to }) => {
        const until = new Date(Math.min(Date.parse(to), Date.now())).toISOString();
        const path = `/organizations/${house.organizationId}/usage?from=${from}&to=${until}&group_by=model`;
        return (await house.api<{ total: { spend: string } }>('GET', path)).total.spend;
      }),
    );
    const unsaid = spends.filter((spend) => !answer.replaceAll(',', '').includes(Number(spend).toFixed(2)));
    return unsaid.length === 0 ? null : `the answer does not say ${unsaid.join(' and ')}`;
  },
};

async function setRange(hand: Hand, { from, to }: { readonly from: string; readonly to: string }): Promise<void> {
  for (const [name, instant] of [
    ['From', from],
    ['To', to],
  ] as const) {
    const field = hand.page.getByRole('main').getByLabel(name, { exact: true });
    await hand.writeInstant(field, instant);
  }
}

const exportStatement: Task = {
  name: 'export a statement',
  clicksMax: 8,
  words: ({ months }) => `Download the statement of Acme for ${months.last.name} as CSV.`,
  perform: async (hand, { months }) => {
    const { page } = hand;
    const entry = page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: /statement/i });
    if ((await firstSeen([entry], 500)) !== null) await hand.click(entry);
    else await openStatements(hand);
    await chooseStatement(hand, months.last.name);
    const exports = buttonIn(mainOf(page), /^Export/);
    if ((await firstSeen([exports], 5_000)) !== null) await hand.click(exports);
    const csv = await firstSeen([page.getByRole('menuitem', { name: /CSV/ }), buttonIn(mainOf(page), /CSV/)]);
    if (csv === null) throw new NotPossible('a statement cannot be downloaded as CSV');
    const [download] = await Promise.all([page.waitForEvent('download'), hand.click(csv)]);
    return readFileSync(await download.path(), 'utf8');
  },
  missing: async ({ house, months }, answer) => {
    const path = `/organizations/${house.organizationId}/usage?from=${months.last.from}&to=${months.last.to}&group_by=model`;
    const { total } = await house.api<{ total: { spend: string } }>('GET', path);
    return answer.includes(total.spend) ? null : `the file does not say ${total.spend}`;
  },
};

/** By the organization and its usage, where the entries of the navigation do not lead to statements. */
async function openStatements(hand: Hand): Promise<void> {
  const { page } = hand;
  await hand.go('Organizations');
  await hand.click(mainOf(page).getByRole('link', { name: 'Acme', exact: true }));
  const way = /statement/i;
  const ways = [page.getByRole('tab', { name: way }), mainOf(page).getByRole('link', { name: way })];
  const found = await firstSeen(ways);
  if (found === null) await hand.click(page.getByRole('tab', { name: 'Usage', exact: true }));
  const target = found ?? (await firstSeen(ways, 5_000));
  if (target === null) throw new NotPossible('nothing is called a statement');
  await hand.click(target);
}

/** The organization and the month, where a page asks for them and has not chosen them itself. */
async function chooseStatement(hand: Hand, month: string): Promise<void> {
  const { page } = hand;
  const organization = mainOf(page).getByRole('combobox', { name: /Organization/ });
  if ((await firstSeen([organization])) !== null && (await organization.inputValue()) !== 'Acme')
    await hand.choose(organization, /^Acme/);
  const months = mainOf(page).getByRole('combobox', { name: /Month/ });
  if ((await firstSeen([months], 500)) !== null && (await months.inputValue()) !== month) await hand.choose(months, month);
}

const testCredential: Task = {
  name: 'test a credential',
  clicksMax: 3,
  words: ({ credential }) => `Does the provider accept the credential “${credential.name}”? Test it.`,
  perform: async (hand, { credential }) => {
    const { page } = hand;
    await hand.go('Credentials');
    const direct = buttonIn(rowOf(page, new RegExp(credential.name)), /^(Test|Check)/);
    const menu = buttonIn(mainOf(page), `Actions for ${credential.name}`);
    const found = await firstSeen([direct, menu], 5_000);
    if (found === null) throw new NotPossible('the credential is not listed');
    await hand.click(found);
    if (!/^(Test|Check)/.test((await found.textContent().catch(() => '')) ?? '')) {
      const item = await firstSeen([
        page.getByRole('menuitem', { name: /^(Test|Check)/ }),
        page.getByRole('menuitem', { name: /^Edit/ }),
      ]);
      await hand.click(item ?? page.getByRole('menuitem').first());
      const test = await firstSeen([buttonIn(dialogOf(page), /^Test/)]);
      if (test !== null) await hand.click(test);
    }
    return await textOf(page.locator('body'), /works|accepted|succeeded|\bOK\b|models?\b.*\bms|\d ms/i);
  },
  missing: async ({ vendor }) => (vendor.listed() > 0 ? null : 'nobody asked the provider'),
};

const findEvent: Task = {
  name: 'find an audit event',
  clicksMax: 4,
  words: () => 'Who changed the rate limit of the team “Support” today, and from how many requests per minute to how many?',
  perform: async (hand) => {
    const { page } = hand;
    await hand.go('Audit log');
    const row = rowOf(page, /Org Admin.*Team (changed|updated).*Support/);
    // Where events of the platform are listed first, those of the organization are asked for.
    if ((await firstSeen([row])) === null) await hand.choose(mainOf(page).getByRole('combobox').first(), /^Acme/);
    await hand.click(buttonIn(row, /Team/));
    return await textOf(dialogOf(page), /250/);
  },
  missing: async (_, answer) => {
    const unsaid = ['Org Admin', '300', '250'].filter((word) => !answer.includes(word));
    return unsaid.length === 0 ? null : `the answer does not say ${unsaid.join(', ')}`;
  },
};

export const TASKS: readonly Task[] = [
  makeTenant,
  findFailure,
  raiseLimit,
  addToTeam,
  findCallers,
  revokeKey,
  compareMonths,
  exportStatement,
  testCredential,
  findEvent,
];

/** What is read there, once it says this. */
async function textOf(where: Locator, words: RegExp): Promise<string> {
  await where.first().getByText(words).first().waitFor({ timeout: 8_000 });
  return shownIn(where.first());
}

function shownIn(where: Locator): Promise<string> {
  // biome-ignore lint/performance/useDomNodeTextContent: cells of a table are apart, as they are seen.
  return where.innerText();
}

/** What the page says once its numbers stand. */
async function settledText(page: Page): Promise<string> {
  await page.waitForTimeout(300);
  await page.waitForFunction(() => document.querySelector('[aria-label="Loading"], .mantine-Skeleton-root') === null);
  await page.waitForTimeout(300);
  return shownIn(mainOf(page));
}
