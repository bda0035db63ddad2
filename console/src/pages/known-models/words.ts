import { countText, plural } from '../../numbers/numbers.ts';

/** Every text of the pages about known models, by the file that shows it. */
export const words = {
  // KnownModelsPage
  knownModels: 'Known models',
  knownModelsMean:
    'The models that price lists and deployments name, with what they cost. Add a deployment to put one in service.',
  allModels: 'Price lists and deployments',
  vendorsLists: 'Vendors’ own lists',
  priceLists: 'Price lists',
  exportCsv: 'CSV',
  exportMeans: 'All models that match the search and the filters',

  // ImportDialog
  importPrices: 'Import prices',
  fileMeans:
    'A list of prices in LiteLLM’s JSON form (model_prices_and_context_window.json), at most 4 MB. Headgate contains no such list.',
  chooseAFile: 'Choose a file…',
  fileChosen: (name: string, entries: number) => `${name}: ${plural(entries, 'entry', 'entries')}`,
  listName: 'List',
  sameNameReplaces: 'A list with this name is replaced.',
  version: 'Version',
  versionMeans: 'Such as a commit or a day.',
  publishedOn: 'Published on',
  dayMeans: 'The day of this version.',
  setPricesOf: 'Set the prices of deployments',
  setNone: 'No: only make the models known',
  setUnpriced: 'Of those without a price in force',
  setAll: 'Of all deployments of these models',
  imported: (models: number, deployments: number) =>
    `${plural(models, 'model was', 'models were')} imported, and ${plural(deployments, 'deployment has', 'deployments have')} a new price.`,

  // import-draft
  fileTooLong: 'The file has more than 4 MB.',
  fileNoJson: 'The file is no JSON.',
  fileNoList: 'The file is no list of prices: it must be an object with an entry for each model.',
  chooseFirst: 'Choose a file.',
  enterListName: 'Enter a name for the list.',
  enterVersion: 'Enter the version of the list.',

  // ImportPreview
  previewAppears: 'What would change appears here when a file is chosen and the list has a name and a version.',
  computing: 'Reading the list…',
  whatWouldChange: 'What would change',
  outcomeNames: {
    refused: 'Refused',
    changed: 'Changed',
    removed: 'Removed',
    added: 'Added',
    skipped: 'Skipped',
    same: 'Same as before',
  },
  pricesOfDeployments: (count: number) =>
    count === 0
      ? 'No price of a deployment changes.'
      : `${plural(count, 'deployment gets', 'deployments get')} a new price, in force now.`,
  newPrice: 'New price',
  noPriceInIt: 'No price',

  // PriceLists
  priceListsMean:
    'A new deployment takes its price from the list of this version, else from the newest imported list that has the model.',
  author: 'By',
  importedAt: 'Imported',
  models: 'Models',
  ofThisVersion: 'Part of this version',
  delete: 'Delete',
  deleteList: 'Delete price list',
  deleteListNamed: (name: string) => `Delete price list ${name}`,
  modelsForgotten: 'Its models are no longer known, unless another list or a deployment names them.',
  pricesStay: 'Prices that deployments took from it stay.',
  listDeleted: (name: string) => `The price list ${name} was deleted.`,

  // VendorList
  vendorListsMean:
    'A vendor’s own list says which models a credential can call. Read it to see which of them are deployed and priced, and which deployments use a model that the vendor no longer lists.',
  credential: 'Credential',
  chooseACredential: 'Choose a credential',
  noCredentials: 'No credentials',
  addACredentialFirst: 'A vendor is asked with a credential. Add one first.',
  credentials: 'Credentials',
  readTheList: 'Read the list now',
  neverRead: 'Not read yet',
  neverReadMeans: 'The call costs nothing. The list is kept, so that this page can show it without another call.',
  readAt: 'Read',
  modelCount: (count: number) => plural(count, 'model', 'models'),
  lastAttemptFailed: 'The list could not be read',
  listBeforeIsShown: 'The list of the last reading is shown.',
  isCut: (listed: number) =>
    `The vendor lists ${countText(listed)} models. The models that deployments use and 10,000 others are kept.`,
  unusable: (count: number) =>
    `${plural(count, 'entry was', 'entries were')} left out, because no deployment can have such a name.`,
  notCompared: (count: number) =>
    `${plural(count, 'deployment', 'deployments')} with this credential cannot be compared: this vendor’s list has no such names.`,
  listWasRead: (count: number) => `The list was read: ${plural(count, 'model', 'models')}.`,

  // VendorModels
  model: 'Model',
  state: 'State',
  allStates: 'All',
  stateNames: { gone: 'Gone', unpriced: 'Unpriced', not_deployed: 'Not deployed', in_use: 'In use' },
  stateMeans: {
    gone: 'Deployments use this model, and the vendor does not list it any more.',
    unpriced: 'The vendor lists it, and no price of it is known.',
    not_deployed: 'The vendor lists it, its price is known, and no deployment uses it.',
    in_use: 'The vendor lists it, and deployments use it.',
  },
  nothingListed: 'The list is empty',
  nothingListedMeans: 'The vendor lists no models for this credential, and no deployment uses it.',

  // KnownModelsList
  noKnownModels: 'No known models',
  knownModelsAppear: 'A model appears here when the price list of this version or a deployment names it.',
  upstreamModel: 'Upstream model',
  provider: 'Provider',
  inputPrice: 'Price per million',
  contextWindow: 'Context window',
  features: 'Features',
  deployments: 'Deployments',
  notDeployed: 'None',
  deprecated: 'Withdrawn',
  deprecatedMeans: 'A list says that the vendor withdraws this model.',
  addDeployment: 'Add deployment',
  addDeploymentOf: (model: string) => `Add deployment of ${model}`,
  deploymentCount: (count: number) => plural(count, 'deployment', 'deployments'),
  unpricedOf: (count: number) => `${countText(count)} unpriced`,
  deploymentsLackPrice: 'These deployments have no price in force. Their use is not charged, and blocking budgets refuse them.',

  // KnownModelFilters
  anyProvider: 'Any provider',
  anyFeature: 'Any feature',
  deployed: 'Deployed',
  anyDeployment: 'Deployed or not',
  isDeployed: 'Deployed',
  isNotDeployed: 'Not deployed',
  price: 'Price',
  anyPrice: 'Any price',
  priced: 'Price known',
  notPriced: 'No price known',

  // KnownModelDrawer
  close: 'Close',
  notStated: 'Not stated',
  tokens: (count: number) => `${countText(count)} tokens`,
  maximumOutput: 'Maximum output',
  lastChecked: 'Last checked',
  pricesAndSources: 'Prices and their sources',
  pricePerMillionOrUnit: 'USD per million tokens, or for one unit',
  noSourceHasPrice: 'No source states a price that this gateway can charge. A deployment of it is unpriced until you set one.',
  showDeployments: 'Show its deployments',

  // sources
  aDeployment: 'A deployment',
  givenPrice: 'Price of a deployment',
  versionOf: (list: string, version: string) => `${list} ${version}`,
  byAuthor: (author: string) => `by ${author}`,
  ofDay: 'of',
  importedBy: 'imported by',
  inForceSince: 'in force since',
  by: 'by',

  // features
  featureNames: {
    tools: 'Tools',
    structured_output: 'Structured output',
    reasoning: 'Reasoning',
    prompt_caching: 'Prompt caching',
    web_search: 'Web search',
    vision: 'Images in',
    documents: 'Documents in',
    audio_input: 'Audio in',
    video_input: 'Video in',
    audio_output: 'Audio out',
    image_output: 'Images out',
  },
} as const;
