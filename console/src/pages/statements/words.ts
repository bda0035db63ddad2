import { countText, plural } from '../../numbers/numbers.ts';

/** Every text about statements and scheduled e-mails, by the file that shows it. */
export const words = {
  // NoMailServer
  noMailServer: 'No mail server is configured',
  nothingIsSent: 'Nothing is sent until an operator sets HEADGATE_SMTP_URL.',

  // ScheduleDialog
  monthlyStatement: 'Monthly statement',
  scheduleEMail: 'Schedule e-mail',
  enterSubject: 'Enter a subject.',
  choosePerson: 'Choose at least one person.',
  you: (name: string) => `${name} (you)`,
  subject: 'Subject',
  content: 'Content',
  viewMeans: 'A saved view of Usage & spend shows only this organization.',
  statementOfLastMonth: 'The statement of the last month',
  view: (name: string) => `View: ${name}`,
  howOften: 'How often',
  everyWeek: 'Every week',
  everyMonth: 'Every month',
  dayOfTheWeek: 'Day of the week',
  dayOfTheMonth: 'Day of the month',
  hour: 'Hour',
  inTimeZone: (timeZone: string) => `In the time zone ${timeZone}.`,
  format: 'Format',
  csvFile: 'CSV file',
  tableInEMail: 'Table in the e-mail, at most 50 rows',
  to: 'To',
  whoCanGetIt: 'People who may see this usage. Before each e-mail, Headgate checks again that they may.',

  // ScheduledMails
  scheduledEMails: 'Scheduled e-mails',
  noneScheduled:
    'No scheduled e-mails yet. Schedule one to get the statement, or a saved view of Usage & spend, every week or month.',
  paused: 'Paused',
  whenHowTo: (when: string, isFile: boolean) => `${when}, as a ${isFile ? 'CSV file' : 'table'}, to`,
  nobody: 'nobody',
  next: 'Next:',
  notSentYet: 'Not sent yet.',
  lastSent: 'Last sent:',
  notSentTo: 'Not sent to',
  aPerson: 'a person',
  on: 'on',
  notDone: 'Not done',
  testSent: 'The test was sent to your address.',
  wasDeleted: (name: string) => `${name} was deleted.`,
  sendTest: 'Send me a test',
  pause: 'Pause',
  resume: 'Resume',
  delete: 'Delete',

  // StatementFacts
  spend: 'Spend',
  requests: 'Requests',
  estimatedRequests: 'Estimated requests',
  refusedRequests: 'Refused requests',
  tokens: 'Tokens',
  adjustments: (count: number) => plural(count, 'adjustment', 'adjustments'),

  // StatementPage
  statements: 'Statements',
  noStatementsYet: 'No statements yet',
  statementMeans: 'A statement shows the spend of a calendar month. The first one appears with the organization’s first request.',
  statementOf: (month: string) => `Statement of ${month}`,
  organization: 'Organization',
  organizations: 'Organizations',
  month: 'Month',
  print: 'Print',
  csv: 'CSV',
  closed: 'Closed',
  stillRunning: 'Still running',
  inZone: (span: string, timeZone: string) => `${span} (${timeZone}).`,
  canStillChange: 'The figures can still change.',
  asOf: 'As of',
  byTeam: 'By team',
  team: 'Team',
  noTeam: 'No team',
  byModel: 'By model',
  model: 'Model',
  noModel: 'No model',
  byKey: 'By key',
  key: 'Key',
  noKey: 'No key',

  // StatementParts
  columns: {
    admitted_requests: 'Requests',
    input_tokens: 'Input',
    cached_input_tokens: 'Cached input',
    cache_write_tokens: 'Cache write',
    output_tokens: 'Output',
    reasoning_tokens: 'Reasoning',
    total_tokens: 'Tokens',
  },
  nothingUsed: 'Nothing was used in this month.',
  total: 'Total',
  onlyHighestSpend: (count: number) =>
    `Only the ${countText(count)} rows with the highest spend. The total includes all rows. The CSV export has more.`,
  budgetPeriods: 'Budget periods',
  budgetPeriodsMean:
    'Uses the organization’s present budgets. The spend is of the whole period, including any part outside this month.',
  period: 'Period',
  covers: 'Covers',
  budget: 'Budget',
  spent: 'Spent',
  allTime: 'All time',
  everything: 'Everything',

  // mail-words
  weekly: (day: string, hour: string) => `Every ${day} at ${hour}`,
  monthly: (day: number, hour: string) => `On day ${day} of every month at ${hour}`,
};
