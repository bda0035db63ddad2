import AxeBuilder from '@axe-core/playwright';
import { idsOf, show, sightsOf } from './pages.ts';
import { expect, type Page, test } from './support.ts';

const HALVES = 2;
const FADE_MS = 300;
const SCHEMES = ['light', 'dark'] as const;
/** What another theme changes. Everything else that is judged was judged in the first one, on the same page. */
const RULES_OF_COLOUR = ['color-contrast', 'link-in-text-block'];

// Each page is opened once and looked at in both themes, half of them by each of two workers.
test.describe.configure({ mode: 'parallel' });
for (const half of Array.from({ length: HALVES }, (_, index) => index)) {
  test(`every page and dialog is without serious or critical findings in both themes, half ${half + 1}`, async ({
    page,
    house,
  }) => {
    test.setTimeout(300_000);
    const sights = sightsOf(await idsOf(house)).filter((_, index) => index % HALVES === half);
    const findings: string[] = [];
    for (const sight of sights) {
      await show(page, house, sight);
      for (const scheme of SCHEMES) {
        await wear(page, scheme);
        const axe = new AxeBuilder({ page }).options({ resultTypes: ['violations'] }).setLegacyMode();
        const { violations } = await (scheme === SCHEMES[0] ? axe : axe.withRules(RULES_OF_COLOUR)).analyze();
        const grave = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
        for (const { id, nodes } of grave)
          findings.push(`${sight.name}, ${scheme}: ${id} at ${nodes[0]?.target.join(' ')} (${nodes.length})`);
      }
    }
    console.log(
      `measured: axe, half ${half + 1}: ${sights.length} pages and dialogs, light and dark, ${findings.length} serious or critical findings`,
    );
    expect(findings).toEqual([]);
  });
}

/** Changes the theme as another tab would, which an open dialog does not stop. */
async function wear(page: Page, scheme: (typeof SCHEMES)[number]): Promise<void> {
  await page.evaluate((wanted) => {
    localStorage.setItem('headgate-color-scheme', wanted);
    dispatchEvent(new StorageEvent('storage', { storageArea: localStorage, key: 'headgate-color-scheme', newValue: wanted }));
  }, scheme);
  await expect(page.locator('html')).toHaveAttribute('data-mantine-color-scheme', scheme);
  // Colours fade into each other, and half-way there they contrast with nothing.
  await page.waitForTimeout(FADE_MS);
}
