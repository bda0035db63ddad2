import { graveFindings } from './axe.ts';
import { idsOf, show, sightsOf } from './pages.ts';
import { expect, test } from './support.ts';

const HALVES = 2;

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
      findings.push(...(await graveFindings(page, sight.name)));
    }
    console.log(
      `measured: axe, half ${half + 1}: ${sights.length} pages and dialogs, light and dark, ${findings.length} serious or critical findings`,
    );
    expect(findings).toEqual([]);
  });
}
