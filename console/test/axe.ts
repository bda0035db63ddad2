/** What axe finds on a page in both themes. */
import axe from 'axe-core';
import { expect, type Page } from './support.ts';

const FADE_MS_MAX = 300;
export const SCHEMES = ['light', 'dark'] as const;
export type Scheme = (typeof SCHEMES)[number];
/** What another theme changes. Everything else that is judged was judged in the first one, on the same page. */
const RULES_OF_COLOUR = ['color-contrast', 'link-in-text-block'];

interface Rule {
  readonly id: string;
  /** What a finding of it is, wherever it is found. */
  readonly impact: string | null;
  /** Whether it is asked unless named. */
  readonly enabled: boolean;
  readonly tags: readonly string[];
}

const isGrave = ({ impact }: Pick<Rule, 'impact'>) => impact === 'serious' || impact === 'critical';

/** Not asked unless named either. */
const TAGS_LEFT_OUT = ['experimental', 'deprecated'];
/** No other rule comes to a serious or critical finding. */
const GRAVE_RULES = (axe as unknown as { readonly _audit: { readonly rules: readonly Rule[] } })._audit.rules
  .filter((rule) => rule.enabled && isGrave(rule) && !rule.tags.some((tag) => TAGS_LEFT_OUT.includes(tag)))
  .map(({ id }) => id);
if (GRAVE_RULES.length < 60) throw new Error('axe tells otherwise what its rules come to');

interface Looking {
  readonly schemes?: readonly Scheme[];
  /** The part of the page that is judged, as a selector. The whole page unless named. */
  readonly within?: string;
}

/** Serious and critical findings in these themes, each in a line that begins with the name of what is looked at. */
export async function graveFindings(
  page: Page,
  name: string,
  { schemes = SCHEMES, within = 'html' }: Looking = {},
): Promise<readonly string[]> {
  const findings: string[] = [];
  for (const scheme of schemes) {
    await wear(page, scheme);
    const violations = await violationsOf(page, scheme === schemes[0] ? GRAVE_RULES : RULES_OF_COLOUR, within);
    for (const { id, places } of violations.filter(isGrave))
      findings.push(`${name}, ${scheme}: ${id} at ${places[0]?.target} (${places.length}): ${places[0]?.why}`);
  }
  return findings;
}

/** Serious and critical findings on the page as it is, each with the element it is about. */
export async function graveFindingsHere(page: Page): Promise<readonly string[]> {
  const violations = await violationsOf(page, GRAVE_RULES, 'html');
  return violations.filter(isGrave).flatMap(({ id, places }) => places.map(({ html }) => `${id}: ${html}`));
}

interface Violation extends Pick<Rule, 'id' | 'impact'> {
  readonly places: readonly { readonly target: string; readonly html: string; readonly why: string }[];
}

/** Its script is half a megabyte, so a page is given it once. */
async function violationsOf(page: Page, rules: readonly string[], within: string): Promise<readonly Violation[]> {
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(axe.source);
  const asked = { values: [...rules], within };
  return page.evaluate(async ({ values, within }) => {
    const { axe: inPage } = window as unknown as { axe: typeof axe };
    // If the selector finds nothing, axe throws.
    const { violations } = await inPage.run(within, { runOnly: { type: 'rule', values }, resultTypes: ['violations'] });
    return violations.map(({ id, impact, nodes }) => ({
      id,
      impact: impact ?? null,
      places: nodes.map(({ target, html, failureSummary = '' }) => ({
        target: target.join(' '),
        html,
        why: failureSummary.replaceAll(/\s+/g, ' '),
      })),
    }));
  }, asked);
}

/** Changes the theme as another tab would, which an open dialog does not stop. */
export async function wear(page: Page, scheme: Scheme): Promise<void> {
  await page.evaluate((wanted) => {
    localStorage.setItem('headgate-color-scheme', wanted);
    dispatchEvent(new StorageEvent('storage', { storageArea: localStorage, key: 'headgate-color-scheme', newValue: wanted }));
  }, scheme);
  await expect(page.locator('html')).toHaveAttribute('data-mantine-color-scheme', scheme);
  // Colours fade into each other, and half-way there they contrast with nothing.
  await page.evaluate(async (msMax) => {
    const faded = Promise.allSettled(document.getAnimations().map(({ finished }) => finished));
    // What turns for ever is never finished.
    await Promise.race([faded, new Promise((enough) => setTimeout(enough, msMax))]);
  }, FADE_MS_MAX);
}
