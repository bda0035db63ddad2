import { graveFindings, SCHEMES, type Scheme } from './axe.ts';
import { idsOf, show, sightsOf } from './pages.ts';
import { expect, test } from './support.ts';

const HALVES = 2;
/** By itself, as a prove, each sight is looked at in both themes; beside all other tests in one, light and dark in turn. */
const IN_BOTH = process.env.HEADGATE_ALONE !== undefined;
const themes = IN_BOTH ? 'light and dark' : 'light or dark';
const schemesOf = (index: number): readonly Scheme[] => (IN_BOTH ? SCHEMES : [SCHEMES[index % 2] as Scheme]);

// Each page is opened once, half of them by each of two workers.
test.describe.configure({ mode: 'parallel' });
for (const half of Array.from({ length: HALVES }, (_, index) => index)) {
  test(`every page and dialog is without serious or critical findings, half ${half + 1}`, async ({ page, house }) => {
    test.setTimeout(300_000);
    const sights = sightsOf(await idsOf(house)).filter((_, index) => index % HALVES === half);
    const findings: string[] = [];
    for (const [index, sight] of sights.entries()) {
      await show(page, house, sight);
      findings.push(...(await graveFindings(page, sight.name, schemesOf(index))));
    }
    console.log(
      `measured: axe, half ${half + 1}: ${sights.length} pages and dialogs, ${themes}, ${findings.length} serious or critical findings`,
    );
    expect(findings).toEqual([]);
  });
}
