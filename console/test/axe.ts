/** What axe finds on a page in both themes. */
import AxeBuilder from '@axe-core/playwright';
import { expect, type Page } from './support.ts';

const FADE_MS = 300;
const SCHEMES = ['light', 'dark'] as const;
/** What another theme changes. Everything else that is judged was judged in the first one, on the same page. */
const RULES_OF_COLOUR = ['color-contrast', 'link-in-text-block'];

/** Serious and critical findings, each in a line that begins with the name of what is looked at. */
export async function graveFindings(page: Page, name: string): Promise<readonly string[]> {
  const findings: string[] = [];
  for (const scheme of SCHEMES) {
    await wear(page, scheme);
    const axe = new AxeBuilder({ page }).options({ resultTypes: ['violations'] }).setLegacyMode();
    const { violations } = await (scheme === SCHEMES[0] ? axe : axe.withRules(RULES_OF_COLOUR)).analyze();
    const grave = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
    for (const { id, nodes } of grave)
      findings.push(`${name}, ${scheme}: ${id} at ${nodes[0]?.target.join(' ')} (${nodes.length})`);
  }
  return findings;
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
