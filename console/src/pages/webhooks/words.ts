/** Every text about webhooks, by the file that shows it. */
export const words = {
  // Deliveries
  nothingSentYet: 'No event was sent yet. Send a test event to check that it arrives.',
  newest: 'Newest',
  older: 'Older',
  sentTo: (name: string) => `Sent to ${name}`,
  close: 'Close',
  willBeSentAgain: 'The event will be sent again.',
  webhookIsDisabled: 'This webhook is disabled: nothing is sent to it.',
  event: 'Event',
  eventTime: 'Event time',
  status: 'Status',
  attempts: 'Attempts',
  lastAnswer: 'Last answer',
  action: 'Action',
  sendAgain: 'Send again',
  sendAgainNamed: (type: string) => `Send again: ${type}`,

  // WebhookDialogs
  createWebhook: 'Create webhook',
  url: 'URL',
  events: 'Events',
  editNamed: (name: string) => `Edit ${name}`,
  thisWebhook: 'This webhook',
  secret: 'Secret',
  storeSecret:
    'Store it now: it is not shown again. The receiver uses it to check the signature of each event. Libraries for Standard Webhooks can do this check.',
  theWebhooksSecret: 'The webhook’s secret',

  // WebhookFields
  enterAName: 'Enter a name.',
  enterUrl: 'Enter the URL that gets the events.',
  chooseEvent: 'Choose at least one event.',
  name: 'Name',
  urlMeans:
    'Called with POST for each event. It must start with https:// and have a public host, unless the operator allows others.',
  urlExample: 'https://hooks.example.com/headgate',
  thresholdOfAll: 'In any organization, settled spend passed a threshold of a budget.',

  // WebhooksList
  eventsMean: 'Each event is sent with a signature. It is retried for a day, until the receiver answers with a 2xx status.',
  searchByNameOrId: 'Search by name or id',
  createHint: (organizationId: null | string) =>
    `Create a webhook to tell a program when spend passes a threshold of a budget${organizationId === null ? ', or when something fails' : ''}.`,
  noWebhooksYet: 'No webhooks yet',
  webhook: 'Webhook',
  lastDelivery: 'Last delivery',
  created: 'Created',
  actions: 'Actions',
  nothingSent: 'nothing sent',
  testIsSent: 'A test event is being sent.',
  isNow: (name: string, isActive: boolean) => `${name} is ${isActive ? 'disabled' : 'active again'}.`,
  actionsFor: (name: string) => `Actions for ${name}`,
  sendATestEvent: 'Send a test event',
  deliveries: 'Deliveries',
  edit: 'Edit',
  newSecret: 'New secret',
  disable: 'Disable',
  enable: 'Enable',
  delete: 'Delete',
  newSecretFor: (name: string) => `A new secret for ${name}`,
  createNewSecret: 'Create new secret',
  bothSecretsFor24Hours:
    'For 24 hours, events are signed with both the old and the new secret, so that you can update the receiver.',
  thenOnlyNewSecret: 'After that, events are signed with the new secret only.',
  deleteWebhook: 'Delete webhook',
  waitingEventsDropped: 'Events that are waiting to be sent to it are dropped.',
  deliveriesDeleted: 'Its deliveries are deleted. Alerts are kept.',
  wasDeleted: (name: string) => `${name} was deleted.`,
};
