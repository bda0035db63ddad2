/**
 * The colours of charts. Each has a contrast of at least 3 with the grounds of its theme, and readers who lack one kind of cone can
 * tell every two of them apart: colors.test.ts computes both.
 */
interface ChartColors {
  /** The colours of series, in the order in which they are given out. */
  readonly series: readonly [string, string, string, string, string, string];
  /** The colour of what has no series of its own. */
  readonly other: string;
  /** The colour of the period before, behind the others. */
  readonly previous: string;
}

export const CHART_COLORS: Readonly<Record<'light' | 'dark', ChartColors>> = {
  light: {
    series: ['#007274', '#0a95e8', '#db7545', '#502471', '#756318', '#791523'],
    other: '#868e96',
    previous: '#8a9199',
  },
  dark: {
    series: ['#4fdcc4', '#a3b5ff', '#b9650f', '#b96fd4', '#e6d873', '#f78b6d'],
    other: '#6f7881',
    previous: '#8b949d',
  },
};

/** The colours of series for a chart, which follow the theme. */
export const SERIES_COLORS: readonly string[] = CHART_COLORS.light.series.map((_, at) => `var(--chart-${at + 1})`);
export const OTHER_COLOR = 'var(--chart-other)';
export const PREVIOUS_COLOR = 'var(--chart-previous)';

/** Returns the colours of a theme as variables of CSS. */
export function chartVariables(scheme: 'light' | 'dark'): Readonly<Record<string, string>> {
  const { series, other, previous } = CHART_COLORS[scheme];
  const numbered = Object.fromEntries(series.map((color, at) => [`--chart-${at + 1}`, color]));
  return { ...numbered, '--chart-other': other, '--chart-previous': previous };
}
