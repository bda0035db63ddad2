import { PATHS } from '../src/paths.ts';
import { graveFindings, SCHEMES, type Scheme } from './axe.ts';
import { dialogSources } from './dialog-sources.ts';
import { idsOf, show, sightsOf } from './pages.ts';
import type { Sight } from './sight.ts';
import { expect, type House, type Page, test } from './support.ts';

/**
 * By itself, as a prove, each sight is looked at whole and in both themes. Beside all other tests it is a sample, in light and dark in turn: every
 * fifth page whole, and of every ninth dialog the dialog. Each is a page that loads, and all of them took a fifth of the browser tests.
 */
const IN_BOTH = process.env.HEADGATE_ALONE !== undefined;
const PARTS = IN_BOTH ? 4 : 2;
const themes = IN_BOTH ? 'light and dark' : 'light or dark';
const looked = IN_BOTH ? 'every page and dialog' : 'every fifth page and ninth dialog';
const schemesOf = (index: number): readonly Scheme[] => (IN_BOTH ? SCHEMES : [SCHEMES[index % 2] as Scheme]);

function lookedAt(sights: readonly Sight[]): readonly Sight[] {
  if (IN_BOTH) return sights;
  const [pages, dialogs] = [
    sights.filter(({ dialog }) => dialog === undefined),
    sights.filter(({ dialog }) => dialog !== undefined),
  ];
  return [...pages.filter((_, index) => index % 5 === 0), ...dialogs.filter((_, index) => index % 9 === 0)];
}

// Each page is opened once, half of them by each of two workers.
test.describe.configure({ mode: 'parallel' });

test('the list has every page and every dialog of the source, and no other dialog', async ({ house }) => {
  const sights = sightsOf(await idsOf(house));
  const addresses = sights.map(({ address }) => address.split('?')[0] ?? '');
  const missing = Object.values(PATHS).filter((path) => {
    const pattern = new RegExp(`^${path.replaceAll(/\$\w+/g, '[^/]+')}$`);
    return !addresses.some((address) => pattern.test(address));
  });
  expect(missing, 'pages without a sight').toEqual([]);
  const shown = new Set(sights.flatMap(({ dialog }) => dialog ?? []));
  const named = dialogSources().map(({ name }) => name);
  expect(named.length).toBeGreaterThan(60);
  expect(
    named.filter((name) => !shown.has(name)),
    'dialogs without a sight',
  ).toEqual([]);
  expect(
    [...shown].filter((name) => !named.includes(name)),
    'sights of dialogs that the source does not have',
  ).toEqual([]);
  expect(new Set(sights.map(({ name }) => name)).size, 'each has a name of its own').toBe(sights.length);
});

for (const part of Array.from({ length: PARTS }, (_, index) => index)) {
  test(`${looked} are without serious or critical findings, part ${part + 1}`, async ({ page, house }) => {
    test.setTimeout(480_000);
    const all = lookedAt(sightsOf(await idsOf(house)));
    const sights = all.filter((_, index) => index % PARTS === part);
    const findings: string[] = [];
    for (const [index, sight] of sights.entries()) {
      findings.push(...(await lookAt(page, house, sight, schemesOf(index))));
    }
    const dialogs = sights.filter(({ dialog }) => dialog !== undefined).length;
    console.log(
      `measured: axe, part ${part + 1}: ${sights.length - dialogs} pages, ${dialogs} dialogs, ${themes}, ${findings.length} serious or critical findings`,
    );
    expect(findings).toEqual([]);
  });
}

/** What axe finds in a sight, or that what should be seen is not there. */
async function lookAt(page: Page, house: House, sight: Sight, schemes: readonly Scheme[]): Promise<readonly string[]> {
  try {
    await show(page, house, sight);
    await expectDialog(page, sight);
  } catch (error) {
    return [`${sight.name}: is not shown: ${(error as Error).message.split('\n')[0]}`];
  }
  const isDialogEnough = !IN_BOTH && sight.dialog !== undefined;
  return graveFindings(page, sight.name, { schemes, ...(isDialogEnough && { within: '[role="dialog"]' }) });
}

/** The dialog that is open has the title of the one that the sight names. */
async function expectDialog(page: Page, { dialog }: Sight): Promise<void> {
  if (dialog === undefined) return;
  const source = dialogSources().find(({ name }) => name === dialog);
  const opened = page.getByRole('dialog', source?.title == null ? {} : { name: source.title });
  await expect(opened.filter({ visible: true }).first()).toBeVisible();
}
