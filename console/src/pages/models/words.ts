import { countText, durationText, plural } from '../../numbers/numbers.ts';
import { clockText, relativeText } from '../../numbers/times.ts';

/** Every text of the pages about models and deployments, by the file that shows it. */
export const words = {
  // BoundFields
  gatewayDefault: 'Gateway default',
  gatewayDefaultMeans:
    'A stream is ended and charged for what was generated so far. A whole answer under a blocking budget is read to its end and charged as the provider reports.',
  readToTheEnd: 'Read the answer to its end',
  readToTheEndMeans:
    'Streams and whole answers are read to their end, in the background. The charge is what the provider reports. Nothing is estimated, and no cost is saved.',
  endTheUpstreamCall: 'End the upstream call',
  endUpstreamCallMeans:
    'The call is ended for streams and for whole answers. The provider may still bill what it generated, so a whole answer under a blocking budget is charged its full hold.',
  searchesPerRequest: 'Searches per request',
  searchesMean:
    'The maximum. A blocking budget holds this many. If empty, a blocking budget refuses requests that can search and set no limit of their own.',
  tokensPerMediaPart: 'Tokens per media part',
  partTokensMean:
    'The maximum for one image, sound or file. A blocking budget holds this many. If empty, it holds 40,000, and a part may use more.',
  onHangup: 'When the caller hangs up',
  outputCapField: 'Field of the output limit',
  newerName: 'max_completion_tokens (default)',
  outputCapMeans: 'In chat requests that the gateway writes itself. Some compatible servers know only max_tokens.',

  // deployment-parts
  getsRequests: 'Yes: it gets requests',
  getsNoRequests: 'No: it gets no requests',
  capacity: 'Capacity',
  capacityPerMinute: (requests: string, tokens: string) => `Requests per minute: ${requests}\nTokens per minute: ${tokens}`,

  // DeploymentActions
  testCall: 'Test call',
  disable: 'Disable',
  enable: 'Enable',
  edit: 'Edit',
  delete: 'Delete',
  disableDeployment: 'Disable deployment',
  disablingMeans: 'It gets no more requests. Requests in progress finish. You can enable it again at any time.',
  isEnabled: 'The deployment is enabled.',
  isDisabled: 'The deployment is disabled and gets no more requests.',
  deleteDeployment: 'Delete deployment',
  requestsFinish: 'It gets no more requests. Requests in progress finish.',
  grantsStay: 'If it is the last deployment of its model, grants of the model stay but have no effect.',
  chargesStay: 'Past charges stay in the ledger, with their prices.',
  disableThisDeployment: (model: string) => `Disable this deployment of ${model}?`,
  wasDeleted: (model: string) => `A deployment of ${model} was deleted.`,

  // DeploymentDialog
  addDeployment: 'Add deployment',
  provider: 'Provider',
  fakeProviderMeans:
    'It answers without a network and at no cost, so that you can try things out. Its answers say that no model wrote them.',
  otherServers: 'This provider, or another server with the same API. The address is part of the credential.',
  isInService: (model: string) => `${model} is in service.`,

  // DeploymentFilters
  anyProvider: 'Any provider',
  status: 'Status',
  anyStatus: 'Any status',
  enabled: 'Enabled',
  disabled: 'Disabled',
  health: 'Health',
  anyHealth: 'Any health',
  failing: 'Failing',
  degraded: 'Degraded',
  inService: 'In service',
  unused: 'Unused',
  errorsLastHour: 'Errors in the last hour',
  anyErrorRate: 'Any error rate',
  onePercentOrMore: '1% errors or more',
  fivePercentOrMore: '5% errors or more',
  twentyPercentOrMore: '20% errors or more',
  fiftyPercentOrMore: '50% errors or more',
  price: 'Price',
  anyPrice: 'Any price',
  pricesMissing: 'Prices missing',
  fullyPriced: 'Fully priced',
  onlyRequestsWithTags: 'Only requests with tags',
  credential: 'Credential',
  model: 'Model',
  routingTag: 'Routing tag',

  // DeploymentHealth
  lastError: 'Last error',
  noneKnown: 'None known.',
  lastTestCall: 'Last test call',
  notTestedYet: 'Not tested yet.',
  noAnswerSince: 'No answer since',
  timeToAnswer: 'Time to answer',
  openTheRequest: 'Open the request',
  changedAfterTest: ' · The deployment was changed after this test.',
  state: 'State',
  attempts: 'Attempts',
  callerErrors: (count: number) =>
    ` ${countText(count)} failed because of the request itself. Such failures do not count for the state.`,
  latencies: (half: number, most: number) =>
    `Half of the attempts within ${durationText(half)}, 95% within ${durationText(most)}`,
  httpStatus: (status: number) => `HTTP ${status}`,
  answeredIn: (ms: number) => `Answered in ${durationText(ms)}`,
  failedAfter: (ms: number) => `Failed after ${durationText(ms)}`,
  withStatus: (status: number) => ` with HTTP ${status}`,

  // DeploymentPage
  models: 'Models',
  theDeploymentsId: 'the deployment’s id',
  pricesAreMissing: 'Prices are missing',
  priceVersions: 'Price versions',
  upstreamModel: 'Upstream model',
  theUpstreamModel: 'the upstream model',
  mode: 'Mode',
  pricePerMillionTokens: 'Price per million tokens',
  priceInForceSince: 'Price in force since',
  priceSource: 'Price source',
  capacityThisMinute: 'Capacity, this minute',
  weightPriority: 'Weight and priority',
  routingTags: 'Routing tags',
  maximumOutputTokens: 'Maximum output tokens',
  contextWindow: 'Context window',
  contextWindowMeans:
    'The most tokens of a request and its answer together. Requests that are longer go to other deployments, or to the context fallbacks of the model or route group. If empty, requests of any length are sent.',
  timeout: 'Timeout',
  created: 'Created',
  requests: 'Requests',
  requestLog: 'Request log',
  noCredentialNeeded: 'None. The fake provider needs none.',
  notKnown: 'not known',
  notSet: 'not set',
  atMost: (bound: number) => `${countText(bound)} at most`,

  // DeploymentTest
  showTheCalls: 'Show the calls',
  noAnswer: 'No answer',

  // EditDeploymentDialog
  thisDeployment: 'This deployment',
  editNamed: (model: string) => `Edit ${model}`,

  // ModelSection
  whoCanCallIt: 'Who can call it?',
  accessGroups: 'Access groups',
  routingAndFallbacks: 'Routing and fallbacks',
  noAccessGroups: 'None. It can be granted only by its name, or with everything.',
  strategy: 'Strategy',
  sticky: 'Sticky sessions',
  cachedAnswers: 'Cached answers',
  notCached: 'Not kept',
  cachedFor: (seconds: number) => `Given again for ${seconds} s`,
  on: 'On',
  off: 'Off',
  fallbacks: 'Fallbacks',
  contextFallbacks: 'Context fallbacks',
  policyFallbacks: 'Policy fallbacks',
  canary: 'Canary',
  mirror: 'Mirror',
  noPolicyFallbacks: 'None. A refusal by a content policy reaches the client.',
  noContextFallbacks: 'None. If a request is too long for all of its deployments, it fails.',
  noFallbacks: 'None. If all of its deployments fail, the request fails.',
  deployment: 'Deployment',
  weight: 'Weight',
  priority: 'Priority',
  theModel: (name: string) => `The model “${name}”`,
  fallbacksInOrderIf: (fallbacks: string) => `${fallbacks}, if the caller may call them`,
  deploymentsOf: (model: string) => `Deployments of ${model}`,

  // ModelsPage
  deploymentsMean:
    'Deployments: upstream models with their credential, price and capacity. Deployments with the same model name serve it together.',
  modelOrUpstreamModel: 'Model or upstream model',
  noModelsYet: 'No models yet',
  aCredential: 'credential',
  dotEmbeddings: ' · embeddings',
  dotCompletions: ' · completions',
  dotRerank: ' · rerank',
  dotModerations: ' · moderations',
  dotImages: ' · images',
  dotSpeech: ' · speech',
  dotTranscriptions: ' · transcriptions',
  pricePerMillion: 'Price per million',
  addACredentialBefore: 'Add a',
  addADeploymentAfter:
    'of a provider first, then a deployment of one of its models. Or start with the fake provider, which needs no credential and no network.',

  // PassedOver
  closeThisNotice: 'Close this notice',
  oneIsPassedOver: '1 deployment gets only requests with its tags',
  passedOverMeans:
    'Another deployment of the same model or route group has no tags, and gets every request without tags. Earlier versions of Headgate ignored tags. To send requests without tags to these deployments again, remove their tags, or set the tags as default tags of an organization, team or key.',
  showOnlyThese: 'Show only these',
  thisOneIsPassedOver: 'This deployment gets only requests with its tags',
  countArePassedOver: (count: number, areMore: boolean) =>
    `${countText(count)}${areMore ? '+' : ''} deployments get only requests with their tags`,
  anotherDeploymentOf: 'Another deployment of',
  hasNoTags: 'has no tags, and gets every request without tags.',

  // PriceDialog
  thisPrice: 'This price',
  addPriceVersion: 'Add price version',
  inEffectFrom: 'In effect from',
  effectiveFromMeans:
    'In your time zone. If empty, the price applies now. Requests admitted earlier are charged at the old price.',
  newPriceOf: (model: string) => `New price of ${model}`,
  hasNewPrice: (model: string) => `${model} has a new price version.`,
  now: 'now',

  // PriceOrigin
  entered: 'Entered',
  importedList: (edition: string | null) => `Imported list${edition === null ? '' : ` ${edition}`}`,
  publishedList: (edition: string | null) => `Published list${edition === null ? '' : `, ${edition}`}`,
  byName: 'by',

  // PriceVersions
  noPriceYet:
    'This deployment has no price yet. Until it has one, requests under a blocking budget are refused and other requests are not charged.',
  otherPrices: 'Other prices',
  source: 'Source',
  added: 'Added',
  inForce: 'In force',
  scheduled: 'Scheduled',
  standardPrice: 'standard price',

  // ProviderBadge
  fakeProvider: 'Fake provider',
  vertexAi: 'Vertex AI',

  // RoutingDialog
  thisRouting: 'This routing',
  fallbacksInOrder: 'Fallbacks, in order',
  fallbacksMean: 'Each is tried if all deployments of the one before it failed, and only if the caller may call it.',
  routingOf: (model: string) => `Routing of ${model}`,
  none: 'none',

  // RoutingFields
  capacityRequests: 'Capacity: requests per minute',
  capacityMeans: 'Leave empty for no limit. At capacity, the deployment is tried last. No request is refused.',
  capacityTokens: 'Capacity: tokens per minute',
  leaveEmptyNoLimit: 'Leave empty for no limit.',
  routingTagsMean:
    'Requests with these tags are sent to this deployment. Requests without tags go to deployments of the model without tags, if there are any. Tags give no access.',
  fewerSettings: 'Fewer settings',
  moreSettings: 'Weight, priority, timeout and limits of one request',
  enabledItGetsRequests: 'Enabled: it gets requests',
  shareOfRequests: 'Share of requests',
  lowerIsTriedFirst: 'Lower is tried first',
  emptyIfNotKnown: 'Leave empty if not known',
  timeoutSeconds: 'Timeout, seconds',
  atMostSeconds: (max: number) => `At most ${countText(max)}`,

  // UpstreamFields
  callableModelMeans: 'A model of the catalogue that your organization may call.',
  ownPriceMeans: 'Leave empty: the published list’s price counts. A price is needed only for models that the list does not have.',
  modelNameMeans: 'The name that callers use. Several deployments can share it.',
  chat: 'Chat',
  embeddingsMode: 'Embeddings',
  completionsMode: 'Text completions',
  rerankMode: 'Rerank',
  moderationsMode: 'Moderations',
  imagesMode: 'Images',
  speechMode: 'Speech',
  transcriptionsMode: 'Transcriptions',
  loading: 'Loading…',
  chooseACredential: 'Choose a credential',
  addACredential: 'Add a credential',
  fakeModelsMean: 'The name decides how the fake provider answers.',
  chooseCredentialFirst: 'Choose a credential to see its models.',
  askingForModels: 'Asking the provider for its models…',
  noModelsListed: 'The provider did not list its models.',
  noKnownPrice: 'The price table does not know this model. Enter its prices.',
  noCredentialYet: 'There is no credential of this provider yet.',
  enterNameBecause: (why: string) => `${why} Enter the name.`,
  modelsFromProvider: (count: number) => `${plural(count, 'model', 'models')}, from the provider.`,
  filledFrom: (source: string | null, version: string | null) =>
    `Filled from ${source ?? 'the price table'}${version === null ? '' : ` (${version})`}. Change the prices if your contract has others.`,

  // attempt-columns
  errors: 'Errors',
  noAnswerLastHour: 'No answer in the last hour.',
  detailsExpired: 'details expired',
  errorsOf: (errors: number, attempts: number) => `${countText(errors)} of ${countText(attempts)}`,
  p95: (ms: number) => `p95 ${durationText(ms)}`,

  // cells
  unpricedMeans: 'Without a price, requests under a blocking budget are refused and other requests are not charged. Add a price.',
  unpriced: 'Unpriced',
  partlyUnpriced: 'Partly unpriced',
  notLimited: 'not limited',
  fullMeans: 'At capacity for this minute. Other deployments are tried first. This one is tried if they fail.',
  full: 'Full',
  lacksPrices: (units: string) =>
    `Used in the last 30 days without a price: ${units}. Spend does not include these, and a blocking budget refuses them. Add their prices.`,
  requestsOf: (used: number, limit: number) => `${countText(used)} of ${countText(limit)} requests`,
  tokensOf: (used: number, limit: number) => `${countText(used)} of ${countText(limit)} tokens`,

  // deployment-draft
  enterUpstreamModel: 'Enter the provider’s name of the model.',
  enterModelName: 'Enter the name that callers use.',
  chooseACredentialFault: 'Choose a credential.',

  // health
  disabledMeans: 'Disabled: it gets no requests.',
  coolingMeans: 'It failed several times in a row, or its provider asked to wait. After the pause, one request tests it.',
  coolingDown: (until: string) => `Cooling down, retry ${relativeText(new Date(until))}`,
  noAttempts: (since: string) => `No attempts since ${clockText(new Date(since))}.`,
  noneFailed: (attempts: number, since: string) =>
    `${plural(attempts, 'attempt', 'attempts')} since ${clockText(new Date(since))}, none failed.`,
  someFailed: (errors: number, attempts: number, since: string, rate: string) =>
    `${countText(errors)} of ${plural(attempts, 'attempt', 'attempts')} failed since ${clockText(new Date(since))} (${rate}).`,
};
