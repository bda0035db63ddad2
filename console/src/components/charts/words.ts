/** Every text of the charts that all pages use, by the file that shows it. */
export const words = {
  // CourseTable
  fromIn: (timeZone: string) => `From (${timeZone})`,

  // GroupedCourse
  metrics: { spend: 'Spend', requests: 'Requests', total_tokens: 'Tokens' },
  other: 'Other',
  metricPerIntervalBy: (metric: string, interval: string, group: string) => `${metric} per ${interval} by ${group.toLowerCase()}`,
  latestBarsIncomplete: 'This range has too much data for the chart: its latest bars are incomplete. The totals are complete.',
  appearsWithFirstRequest: (metric: string, interval: string) =>
    `The chart shows ${metric.toLowerCase()} per ${interval} after the first request.`,
  showAsTable: 'Show as a table',
  hideTable: 'Hide the table',

  // TimeChart
  nothingInRange: 'Nothing in this time range',

  // TimePlot
  periodBefore: 'Period before',
  perIn: (interval: string, timeZone: string) => `Per ${interval} in ${timeZone}`,

  // course
  none: (group: string) => `No ${group.toLowerCase()}`,
};
