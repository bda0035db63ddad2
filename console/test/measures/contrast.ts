/**
 * The contrast of every visible text on every page in both themes, from the computed styles, and of every chart colour against what it is
 * drawn on. `node console/test/measures/contrast.ts [--quick] [sight…]`; the last line is a Report. Disabled controls are left out, as the
 * rule of WCAG leaves them out.
 */
import { SCHEMES, wear } from '../axe.ts';
import { show } from '../pages.ts';
import type { Sight } from '../sight.ts';
import { type Measured, readContrasts } from './contrast-in-page.ts';
import { coldPage, firstLine, forEach, openSite, tell } from './site.ts';

const TEXT_MIN = 4.5;
const LARGE_TEXT_MIN = 3;
const CHART_MIN = 3;
const VIEWPORT = { width: 1360, height: 860 };

interface Found {
  readonly texts: readonly (Measured & { readonly where: string })[];
  readonly charts: readonly (Measured & { readonly where: string })[];
  readonly gauges: readonly (Measured & { readonly where: string })[];
  readonly disabled: number;
  readonly unknown: number;
  readonly failure?: string;
}

const site = await openSite();
const startedMs = performance.now();
const found = await forEach(site.pages, look, ({ name }, error) => ({
  texts: [],
  charts: [],
  gauges: [],
  disabled: 0,
  unknown: 0,
  failure: `${name}: is not shown: ${firstLine(error)}`,
}));
await site.close();
const texts = found.flatMap((one) => one.texts);
const charts = found.flatMap((one) => one.charts);
const gauges = found.flatMap((one) => one.gauges);
const failures = found.flatMap(({ failure }) => failure ?? []);
const sum = (of: 'disabled' | 'unknown') => found.reduce((total, one) => total + one[of], 0);
const poorTexts = texts.filter(({ ratio, isLarge }) => ratio < (isLarge ? LARGE_TEXT_MIN : TEXT_MIN));
const poorCharts = charts.filter(({ ratio }) => ratio < CHART_MIN);
const poorGauges = gauges.filter(({ ratio }) => ratio < CHART_MIN);
tell({
  holds:
    poorTexts.length === 0 &&
    poorCharts.length === 0 &&
    poorGauges.length === 0 &&
    failures.length === 0 &&
    texts.length > 0 &&
    sum('unknown') === 0,
  figure:
    `${site.pages.length} pages, light and dark: ${texts.length} texts, lowest contrast ${lowest(texts.filter(({ isLarge }) => !isLarge))} ` +
    `(large ${lowest(texts.filter(({ isLarge }) => isLarge))}), ${poorTexts.length} below; ${charts.length} chart colours, lowest ` +
    `${lowest(charts)}, ${poorCharts.length} below ${CHART_MIN}; ${gauges.length} gauges, lowest ${lowest(gauges)}, ${poorGauges.length} below; ${sum('disabled')} texts of disabled controls left out, ` +
    `${sum('unknown')} on a picture; ${failures.length} not shown; ${Math.round((performance.now() - startedMs) / 1000)} s`,
  details: [...failures, ...grouped(poorTexts), ...grouped(poorCharts), ...grouped(poorGauges)],
});

async function look(sight: Sight): Promise<Found> {
  const page = await coldPage(site, sight, { viewport: VIEWPORT, reducedMotion: 'reduce' });
  await show(page, site.house, sight);
  const read = [];
  for (const scheme of SCHEMES) {
    await wear(page, scheme);
    const { texts, charts, gauges, ...counts } = await page.evaluate(readContrasts);
    const where = `${sight.name}, ${scheme}`;
    read.push({
      texts: texts.map((one) => ({ ...one, where })),
      charts: charts.map((one) => ({ ...one, where })),
      gauges: gauges.map((one) => ({ ...one, where })),
      ...counts,
    });
  }
  await page.context().close();
  return {
    texts: read.flatMap((one) => one.texts),
    charts: read.flatMap((one) => one.charts),
    gauges: read.flatMap((one) => one.gauges),
    disabled: read.reduce((total, one) => total + one.disabled, 0),
    unknown: read.reduce((total, one) => total + one.unknown, 0),
  };
}

function lowest(all: readonly Measured[]): string {
  return all.length === 0 ? 'none' : Math.min(...all.map(({ ratio }) => ratio)).toFixed(2);
}

/** One line for each pair of colours that is too close, the poorest first. */
function grouped(poor: Found['texts']): readonly string[] {
  const groups = Map.groupBy(
    poor,
    ({ colour, ground, what, where }) => `${colour} on ${ground}, ${where.split(', ')[1]}: ${what}`,
  );
  return [...groups]
    .map(([pair, all]) => ({ pair, ratio: Math.min(...all.map(({ ratio }) => ratio)), all }))
    .sort((one, other) => one.ratio - other.ratio)
    .map(({ pair, ratio, all }) => `${ratio.toFixed(2)} ${pair} (${all.length}; ${all[0]?.where} “${all[0]?.words}”)`);
}
