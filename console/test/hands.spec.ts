/** The work of a first user without a mouse: with the keyboard alone in both themes, and with a finger on a phone. */
import type { Locator } from '@playwright/test';
import { called, expect, type House, type Page, test } from './support.ts';

/** One way to use the console. Each action is counted. */
interface Hands {
  readonly page: Page;
  readonly actions: () => number;
  /** Opens a page by the navigation. */
  go(entry: string): Promise<void>;
  /** Presses a button or follows a link. */
  press(target: Locator): Promise<void>;
  /** Opens a tab of the page. */
  tab(name: string): Promise<void>;
  /** Replaces the text of a field. */
  type(field: Locator, text: string): Promise<void>;
  /** Chooses a radio button or checks a checkbox. */
  choose(box: Locator): Promise<void>;
  /** Finds something in a field with suggestions, and takes it. */
  pick(field: Locator, text: string): Promise<void>;
}

const PRESSES_MAX = 250;

function keyboard(page: Page): Hands {
  let presses = 0;
  const key = async (name: string) => {
    presses += 1;
    await page.keyboard.press(name);
  };
  const isFocused = (target: Locator) => target.evaluate((element) => element === document.activeElement);
  /** Presses Tab until the target has the focus, and fails if it cannot be reached or the focus cannot be seen. */
  const reach = async (target: Locator) => {
    await expect(target).toBeVisible();
    for (let press = 0; !(await isFocused(target)); press += 1) {
      if (press === PRESSES_MAX) throw new Error(`${target} cannot be reached with Tab`);
      await key('Tab');
    }
    expect(await target.evaluate(isFocusSeen), `the focus on ${target} can be seen`).toBe(true);
  };
  const press = async (target: Locator) => {
    await reach(target);
    await key('Enter');
  };
  const type = async (field: Locator, text: string) => {
    await reach(field);
    await key('ControlOrMeta+a');
    await page.keyboard.type(text);
    presses += text.length;
  };
  /** Moves the focus with an arrow key within a group, from the one of them that Tab reaches. */
  const arrowTo = async (group: Locator, wanted: Locator) => {
    const isIn = () => group.evaluateAll((all) => all.some((one) => one === document.activeElement));
    for (let press = 0; !(await isIn()); press += 1) {
      if (press === PRESSES_MAX) throw new Error(`${wanted} cannot be reached with Tab`);
      await key('Tab');
    }
    for (let press = 0; press < 30 && !(await isFocused(wanted)); press += 1) await key('ArrowRight');
    expect(await isFocused(wanted), `${wanted} can be reached with an arrow key`).toBe(true);
  };
  return {
    page,
    actions: () => presses,
    go: (entry) => press(navigation(page).getByRole('link', { name: entry, exact: true })),
    press,
    type,
    tab: async (name) => arrowTo(page.getByRole('tab'), page.getByRole('tab', { name, exact: true })),
    choose: async (box) => {
      if ((await box.getAttribute('type')) === 'radio') {
        const group = await box.getAttribute('name');
        return arrowTo(page.locator(`input[type="radio"][name="${group}"]`), box);
      }
      await reach(box);
      await key('Space');
    },
    pick: async (field, text) => {
      await type(field, text);
      await expect(page.getByRole('option')).toHaveText([new RegExp(`^${text}`)]);
      await key('ArrowDown');
      await key('Enter');
    },
  };
}

/** Reports whether an element shows that it has the focus: by an outline, or as a text field by its border and caret. */
function isFocusSeen(element: Element): boolean {
  if (!element.matches(':focus-visible')) return false;
  const { outlineStyle, outlineWidth } = getComputedStyle(element);
  const isField = element instanceof HTMLTextAreaElement || (element instanceof HTMLInputElement && element.type !== 'checkbox');
  return isField || (outlineStyle !== 'none' && Number.parseFloat(outlineWidth) >= 1);
}

/** The smallest side of what a finger must meet, in CSS pixels. */
const TARGET_MIN = 24;

function finger(page: Page): Hands {
  let taps = 0;
  const tap = async (target: Locator) => {
    // A page that has just loaded may draw the target anew.
    await expect(() => target.scrollIntoViewIfNeeded({ timeout: 2_000 })).toPass();
    const { width, height } = await target.evaluate(sizeOfTarget);
    expect(Math.min(width, height), `the size of ${target}`).toBeGreaterThanOrEqual(TARGET_MIN);
    taps += 1;
    await target.tap();
  };
  const type = async (field: Locator, text: string) => {
    await tap(field);
    await page.keyboard.press('ControlOrMeta+a');
    await page.keyboard.type(text);
  };
  return {
    page,
    actions: () => taps,
    go: async (entry) => {
      await tap(page.getByRole('button', { name: 'Navigation' }));
      await tap(navigation(page).getByRole('link', { name: entry, exact: true }));
    },
    press: tap,
    type,
    tab: (name) => tap(page.getByRole('tab', { name, exact: true })),
    choose: async (box) => {
      await tap(box);
      await expect(box).toBeChecked();
    },
    pick: async (field, text) => {
      await type(field, text);
      await tap(page.getByRole('option', { name: new RegExp(`^${text}`) }));
    },
  };
}

/** Returns the size of what can be touched: the element with its label. */
function sizeOfTarget(element: Element): { width: number; height: number } {
  const labels = element instanceof HTMLInputElement ? [...(element.labels ?? [])] : [];
  const boxes = [element, ...labels].map((one) => one.getBoundingClientRect());
  const side = (low: 'left' | 'top', high: 'right' | 'bottom') =>
    Math.max(...boxes.map((box) => box[high])) - Math.min(...boxes.map((box) => box[low]));
  return { width: side('left', 'right'), height: side('top', 'bottom') };
}

const navigation = (page: Page) => page.getByRole('navigation', { name: 'Main' });
const dialog = (page: Page) => page.getByRole('dialog');
const field = (page: Page, name: RegExp | string) => dialog(page).getByRole('textbox', { name });
const button = (page: Page, name: RegExp | string) => page.getByRole('button', { name }).first();
const heading = (page: Page, name: string) => page.getByRole('heading', { level: 1, name });

interface Names {
  readonly organization: string;
  readonly team: string;
  readonly key: string;
  readonly email: string;
}

async function createOrganization({ page, ...hands }: Hands, { organization }: Names): Promise<void> {
  await hands.go('Organizations');
  await hands.press(button(page, 'Create organization'));
  await hands.type(field(page, 'Name'), organization);
  await hands.press(dialog(page).getByRole('button', { name: 'Add budget' }));
  await hands.type(field(page, 'Amount'), '25');
  await hands.type(field(page, /^Requests per minute/), '2');
  await hands.type(field(page, /^Tokens per minute/), '50000');
  await hands.type(field(page, /^Requests per hour/), '600');
  await hands.type(field(page, /^Requests per day/), '5000');
  await hands.type(field(page, /^Tokens per day/), '900000');
  await hands.choose(dialog(page).getByRole('radio', { name: 'Selected' }));
  const targets = dialog(page).getByRole('group', { name: 'Models and route groups' });
  await hands.choose(targets.getByRole('checkbox', { name: 'fast' }).first());
  await expect(dialog(page).getByText(/can call 1 target/)).toBeVisible();
  await hands.press(dialog(page).getByRole('button', { name: 'Create organization' }));
  await expect(heading(page, organization)).toBeVisible();
}

async function addTeam({ page, ...hands }: Hands, { organization, team }: Names): Promise<void> {
  await hands.tab('Teams');
  await hands.press(button(page, /(Create|Add) team/));
  await hands.type(field(page, 'Name'), team);
  await hands.press(dialog(page).getByRole('button', { name: 'Create team' }));
  await expect(heading(page, team)).toBeVisible();
  await hands.press(page.getByRole('link', { name: organization }).first());
  await expect(heading(page, organization)).toBeVisible();
}

async function invite({ page, ...hands }: Hands, { email }: Names): Promise<void> {
  await hands.tab('Members');
  await hands.press(button(page, 'Add person'));
  await hands.type(dialog(page).getByLabel('E-mail'), email);
  await hands.press(dialog(page).getByRole('button', { name: 'Invite person' }));
  await expect(page.getByRole('textbox', { name: 'Link' })).toHaveValue(/\/invitation\?token=/);
  await hands.press(
    dialog(page)
      .getByRole('button', { name: /Done|Close/ })
      .first(),
  );
  await expect(dialog(page)).toBeHidden();
}

/** Returns the secret of the new key. */
async function createKey({ page, ...hands }: Hands, { team, key }: Names): Promise<string> {
  await hands.tab('Keys');
  await hands.press(button(page, 'Create key'));
  await hands.pick(dialog(page).getByRole('combobox', { name: 'Team' }), team);
  await hands.type(field(page, 'Name'), key);
  await hands.press(dialog(page).getByRole('button', { name: 'Create key' }));
  const secret = page.getByRole('dialog', { name: /is ready/ }).getByLabel('Secret');
  await expect(secret).toHaveValue(/^sk-hg-/);
  const value = await secret.inputValue();
  await hands.press(button(page, 'I have stored it'));
  await expect(dialog(page)).toBeHidden();
  return value;
}

/** Finds the refused request in the log, reads why, and raises the limit from there. */
async function raiseTheLimit({ page, ...hands }: Hands, requestId: string): Promise<void> {
  await hands.go('Requests');
  await hands.press(page.locator(`main a[href*="${requestId}"]`));
  await expect(page.getByText(/organization.*limit of 2 requests per minute.*can pass/).first()).toBeVisible();
  await hands.press(page.getByRole('link', { name: 'Raise this limit' }));
  const limit = field(page, /^Requests per minute/);
  await expect(limit).toBeFocused();
  await hands.type(limit, '100');
  await hands.press(dialog(page).getByRole('button', { name: /^Save/ }));
  await expect(dialog(page)).toBeHidden();
}

async function workflow(hands: Hands, house: House, names: Names): Promise<void> {
  const { page } = hands;
  await house.signIn(page, 'platform_admin');
  await page.goto(house.url);
  await createOrganization(hands, names);
  await addTeam(hands, names);
  await invite(hands, names);
  const secret = await createKey(hands, names);
  expect((await called(house, secret)).status).toBe(200);
  expect((await called(house, secret)).status).toBe(200);
  const refused = await called(house, secret);
  expect(refused.status).toBe(429);
  await raiseTheLimit(hands, refused.requestId);
  expect((await called(house, secret)).status).toBe(200);
}

function namesFor(way: string): Names {
  return { organization: `By ${way}`, team: `Team of ${way}`, key: `Key of ${way}`, email: `${way}@headgate.test` };
}

/** By itself, as a prove, in both themes; beside all other tests in the one in which fewer of them look at a page. */
const THEMES = process.env.HEADGATE_ALONE === undefined ? (['dark'] as const) : (['light', 'dark'] as const);

for (const colorScheme of THEMES) {
  test(`the whole workflow with the keyboard alone, ${colorScheme}`, async ({ page, house }) => {
    test.setTimeout(300_000);
    await page.emulateMedia({ colorScheme });
    const hands = keyboard(page);
    // A mouse that moves or presses anything fails the test.
    await page.addInitScript(() => {
      for (const name of ['pointerdown', 'mousedown', 'touchstart'])
        addEventListener(name, (event) => event.isTrusted && document.documentElement.setAttribute('data-touched', name), true);
    });
    await workflow(hands, house, namesFor(`keyboard-${colorScheme}`));
    await expect(page.locator('html')).toHaveAttribute('data-mantine-color-scheme', colorScheme);
    await expect(page.locator('html')).not.toHaveAttribute('data-touched', /.*/);
    console.log(`measured: keyboard alone, ${colorScheme}: ${hands.actions()} key presses`);
  });
}

test.describe('on a phone', () => {
  test.use({ viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });

  test('the whole workflow by touch', async ({ page, house }) => {
    test.setTimeout(300_000);
    const hands = finger(page);
    await workflow(hands, house, namesFor('touch'));
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
    console.log(`measured: touch at 390 pixels: ${hands.actions()} taps, each target at least ${TARGET_MIN} pixels`);
  });
});
