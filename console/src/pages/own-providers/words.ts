/** Every text about the providers that an organization brings, by the file that shows it. */
export const words = {
  // OwnProviders
  about:
    'Your organization’s requests can use accounts of your own at providers. Access, limits and budgets do not change, and the spend counts.',
  credentials: 'Credentials',
  deployments: 'Deployments',
  addCredential: 'Add credential',

  // OwnUse
  order: 'Order',
  ownFirst: 'Own deployments first, then the platform’s',
  ownOnly: 'Only own deployments',
  ownOnlyMeans: 'A model that no own deployment serves is refused, and so is every route group.',
  ownFirstMeans: 'If an own deployment fails, the platform’s serve.',
  wasChanged: 'The order was changed.',

  // OwnDeploymentsList
  addDeployment: 'Add deployment',
  noDeploymentsYet: 'No own deployments yet',
  addHint: 'Add a credential first. Then choose which model of the catalogue your account serves.',
  search: 'Search by model',
  model: 'Model',
  provider: 'Provider',
  price: 'Price',
  status: 'Status',
  enabled: 'Enabled',
  disabled: 'Disabled',
  lastTest: 'Last test',
  notYet: 'Not yet',
  worked: 'Worked',
  failed: 'Failed',
  actionsFor: (model: string) => `Actions for ${model}`,
  testCall: 'Test call',
  answeredIn: (ms: number) => `Answered in ${ms} ms`,
  edit: 'Edit',
  delete: 'Delete',
  deleteDeployment: 'Delete deployment',
  deletingMeans: 'Requests stop using it at once. The model stays in the catalogue.',
  wasDeleted: (model: string) => `The own deployment of ${model} was deleted.`,
};
