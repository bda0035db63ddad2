import AxeBuilder from '@axe-core/playwright';
import { idsOf, show, sightsOf } from './pages.ts';
import { expect, test } from './support.ts';

for (const scheme of ['light', 'dark'] as const) {
  test(`every page and dialog is without serious or critical findings, ${scheme}`, async ({ page, house }) => {
    test.setTimeout(300_000);
    await page.addInitScript((wanted) => localStorage.setItem('headgate-color-scheme', wanted), scheme);
    const sights = sightsOf(await idsOf(house));
    const findings: string[] = [];
    for (const sight of sights) {
      await show(page, house, sight);
      const { violations } = await new AxeBuilder({ page }).analyze();
      const grave = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
      for (const { id, nodes } of grave) findings.push(`${sight.name}: ${id} at ${nodes[0]?.target.join(' ')} (${nodes.length})`);
    }
    console.log(`measured: axe, ${scheme}: ${sights.length} pages and dialogs, ${findings.length} serious or critical findings`);
    expect(findings).toEqual([]);
  });
}
