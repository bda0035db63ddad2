import { durationText, plural } from '../../numbers/numbers.ts';

/** Every text about requests, by the file that shows it. */
export const words = {
  // Routing
  orderedBySession: 'Ordered by the session of the request: it stays with one deployment while that is healthy.',
  orderedBy: (strategy: string) => `Ordered by strategy. ${strategy}.`,
  orderOfDeployments: 'Order of the deployments',
  inFlightForWeight: (score: string) => `${score} requests in flight for each weight`,
  notMeasured: 'not measured in the last two minutes',
  firstOutputIn: (duration: string) => `first output in ${duration}`,
  hasNoPrice: 'no price',
  expectedCost: (usd: string) => `expected cost ${usd}`,
  noCapacity: 'no token capacity',
  shareOfCapacity: (percent: string) => `${percent} of this minute’s token capacity used`,
  noVendorLimits: 'no rate limits of the provider known',
  shareOfVendorLimits: (percent: string) => `${percent} of the provider’s rate limits used`,
  // MirrorCopy
  mirroredTo: 'A copy went to the mirror',
  notMirrored: (why: string) => `In the share of the mirror, but not copied: ${why}.`,
  notMirroredBecause: {
    tags: 'no deployment of the mirror has the tags that apply',
    busy: 'the gateway was busy',
    too_large: 'the request is too large',
    stored: 'its answer is stored',
    unavailable: 'no deployment of the mirror was available',
    untranslatable: 'the mirror cannot express the request',
  } as Readonly<Record<string, string>>,
  copyOutcome: { answered: 'answered', failed: 'failed', cut: 'ended early', skipped: 'not sent' },
  copyStatus: (status: number) => `status ${status}`,
  copyTook: (ms: number) => `${ms} ms`,
  copyCost: (usd: string) => `${usd} USD for the platform`,

  inTheCanary: 'The request is in the share of the canary, which goes first.',
  passedOver: {
    full: 'at its capacity, so it went last',
    cooling_down: 'left out while it cools down',
    unpriced: 'left out, because a blocking budget needs a price',
    tags: 'left out by the tags of the request',
    too_small: 'left out, because the request is longer than its context window',
  },

  // Attempts
  noProviderWasCalled: 'No provider was called.',
  attemptsWithoutDetails: (count: number) =>
    `${plural(count, 'attempt', 'attempts')}. An earlier version of Headgate stored this request without their details.`,
  attemptsInOrder: 'Attempts, in order',
  ownDeployment: 'Own',
  ownDeploymentMeans: 'The organization’s own deployment, with its own credential',
  modelAtProvider: (model: string, provider: string) => `${model} at ${provider}`,
  startedAndTook: (startedMs: number, took: string) =>
    `Started ${startedMs === 0 ? 'at once' : `after ${durationText(startedMs)}`}, took ${took}`,
  attemptNumber: (attempt: number) => `Attempt ${attempt}`,
  httpStatus: (status: number) => `HTTP ${status}`,
  sameAsAttempt: (attempt: number) => `It failed with the same message as attempt ${attempt}.`,
  notTriedLabel: 'Not tried:',
  leftOut: (fields: string) => `Left out in translation: ${fields}`,

  // Content
  showContent: 'Show content',
  readsAreRecorded: 'Each read is recorded in the organization’s audit log, with your name.',
  noContentStored:
    'No content is stored for this request. The organization’s audit settings decide what is stored and for how long.',
  storedWithSetting: (mode: string) => `Stored with the setting “${mode}”. This read was recorded in the audit log.`,
  showTheRawJson: 'Show the raw JSON',
  request: 'Request',
  response: 'Response',

  // Costs
  nothingUsed: 'Nothing was used or charged.',
  partlyPriced: 'Partly priced',
  tokensInAll: (tokens: string) => `${tokens} tokens in all`,
  notPriced: 'Not priced',
  tier: (serviceTier: string) => `Tier ${serviceTier}`,
  bucketOrUnit: 'Bucket or unit',
  amount: 'Amount',
  price: 'Price',
  cost: 'Cost',
  total: 'Total',
  countTokens: (tokens: string) => `${tokens} tokens`,
  noPrice: 'No price',
  each: 'each',
  perMillion: 'per million',

  // Facts
  factServedBy: 'Served by',
  factEndpoint: 'Endpoint',
  factTags: 'Tags',
  otherClient: 'Other',
  factFinishReason: 'Finish reason',
  factClientsRequestId: 'Client’s request id',
  commaStream: ', stream',
  unknown: 'unknown',
  noDeployment: 'no deployment',
  clientsRequestId: 'client’s request id',

  // LatencyBar
  gateway: 'Gateway',
  providerUntilItsFirstToken: 'Provider, until its first token',
  provider: 'Provider',
  waitsBetweenAttempts: 'Waits between attempts',
  providerInAllAttempts: 'Provider, in all attempts',
  totalDuration: (duration: string) => `${duration} from arrival to the end`,
  firstTokenAfter: 'First token after',

  // LiveTail
  theConnectionWasLostReconnecting: 'The connection was lost. Reconnecting…',
  sinceOpened: (count: number) => `${plural(count, 'request', 'requests')} since you opened this page`,
  waitingForTheFirstRequest: 'Waiting for the first request…',

  // Outcome
  clientHungUp: 'The client hung up before the answer was complete. What the provider had generated by then is charged.',
  cancelled: 'Cancelled',
  failed: 'Failed',
  providerAnswered: (status: number, message: string) => `The provider answered HTTP ${status}: “${message}”`,
  clientGotHttp: (status: number, code: null | string) => `The client got HTTP ${status}${code === null ? '' : ` with ${code}`}.`,
  noProviderCalledAndClient: (client: string) => `No provider was called. ${client}`,
  whatToDoNow: 'What to do:',
  whatToDo: 'What to do',

  // Remedies
  eachReasonRefused: (count: number) =>
    `The request was refused for each of these ${count} reasons. It passes when all of them are resolved.`,
  cannotRaiseOwnLimits: 'You cannot change your own limits. ',
  onlyTheyCan: (roles: string, action: string) => `Only ${roles} can ${action}`,

  // RequestPage
  httpToTheClient: (status: number) => `HTTP ${status} to the client`,
  refusalWasRepeated: (count: number) =>
    `This refusal was repeated: ${count} requests within a second share this row and its decision.`,
  decision: 'Decision',
  details: 'Details',
  latency: 'Latency',
  tokensAndCost: 'Tokens and cost',
  content: 'Content',
  requests: 'Requests',
  requestId: 'request id',
  attempts: 'Attempts',

  // RequestsPage
  whenRequestsAppear:
    'The first call with a key appears here within a second, with the decision that admitted or refused it. Create a key under API keys, or try one in the playground.',
  noRequestsYet: 'No requests yet',
  requestsMean: 'Every request with a known key, including refused ones, and the decision that admitted or refused it.',
  stop: 'Stop',
  live: 'Live',
  exportHolds: 'Requests that match the filters, at most 100,000',
  csv: 'CSV',
  status: 'Status',
  anyStatus: 'Any status',

  // advice
  credentialAdvice: 'The provider does not accept the credential of this deployment. Replace its key, or correct its address.',
  addressAdvice: 'Check that the address of the credential belongs to a server of this kind of provider.',
  unavailableAdvice:
    'Send the request again later. Add a second deployment of the model or a fallback, so that another provider answers when this one cannot.',
  rateAdvice:
    'Wait, or spread the requests: add a deployment with another credential, a fallback, or a capacity limit that the provider allows.',
  timeoutAdvice: 'Raise the deployment’s timeout, ask for shorter answers, or use a faster model.',
  contextAdvice: 'Send less input, lower the maximum output, or call a model with a longer context.',
  quotaAdvice: 'Raise the quota or the balance of the account at the provider, or use the credential of another account.',
  callerAdvice: 'Correct the request. The provider’s message says what is wrong with it.',
  refusedAddressAdvice: 'Correct the address of the credential, or allow it with the setting HEADGATE_ALLOWED_UPSTREAMS.',
  noHealthyAdvice: 'Every deployment of the model failed recently and is paused. Look at their last errors.',
  lastErrorAdvice: 'Read the deployment’s last error, and test the deployment.',
  openTheModelsDeployments: 'Open the model’s deployments',
  openTheDeployment: 'Open the deployment',
  openTheCredential: 'Open the credential',
  raiseTheTimeout: 'Raise the timeout',
  openRoutingAndFallbacks: 'Open routing and fallbacks',

  // attempt-words
  resultWords: {
    answered: 'Answered',
    error: 'Provider error',
    failed: 'No usable answer',
    broken: 'Answer broke off',
    cancelled: 'Cancelled',
  },
  causes: {
    rate_limited: 'The provider’s rate limit was reached.',
    quota: 'The account at the provider has no quota left.',
    credential: 'The provider refused the credential.',
    unavailable: 'The provider could not serve the request.',
    caller: 'The provider says that the request is not valid.',
    context_length: 'The request is longer than the model accepts.',
    refused: 'A content filter or the model refused the request.',
    timeout: 'The provider did not answer within the deployment’s timeout.',
    not_connected: 'The gateway could not connect to the provider.',
    reset: 'The connection ended before the answer was complete.',
    protocol: 'The provider’s answer is not valid HTTP.',
    refused_address: 'The gateway may not call the provider’s address.',
    unreadable: 'The provider’s answer could not be read.',
    incomplete: 'The answer ended before its last event.',
    error_in_stream: 'The provider reported an error after the answer had begun.',
    client_gone: 'The client hung up.',
    gateway_stopped: 'The gateway stopped.',
    gateway_error: 'The gateway has a bug. Its log has the details.',
  },
  theProviderSaid: 'The provider said',
  theGatewayNoted: 'The gateway reported',
  ends: {
    final: 'No other deployment was tried, because each would give the same answer to this request.',
    no_candidate_left: 'No other deployment was left to try.',
    only_candidate: 'No fallback was tried, because no other deployment may serve this request.',
    attempts_max:
      'No further attempt was made, because the request had reached the maximum number of attempts in the gateway’s settings.',
    hold_refused: 'No further attempt was made, because the request had already used too much of a limit or budget.',
    client_gone: 'No further attempt was made, because the client hung up.',
    answer_begun: 'No further attempt was made, because the client had already received the beginning of the answer.',
    gateway_stopped: 'No further attempt was made, because the gateway was stopping.',
    gateway_error: 'No further attempt was made, because the gateway failed. Its log has the details.',
    answered_here: 'The gateway answered by itself, because the next provider does not have this endpoint.',
  },
  afterWait: (wait: string) => ` after ${wait}`,
  sameDeploymentAgain: (wait: string) => `The same deployment was tried again${wait}.`,
  fellBackTo: (following: null | string, wait: string) =>
    `The request fell back to ${following ?? 'the next deployment'}${wait}.`,
  falls: {
    policy_fallback: (following: null | string, wait: string) =>
      `It refused the request by a content policy, and the request went to the policy fallback ${following ?? 'that is next'}${wait}.`,
    context_fallback: (following: null | string, wait: string) =>
      `The request is too long for it, and went to the context fallback ${following ?? 'that is next'}${wait}.`,
  },
  theClientGotThisAnswer: 'The client got this answer.',
  noFurtherAttempt: 'No further attempt was made.',
  noFurtherAttemptBecause: (reason: string) => `No further attempt was made (${reason}).`,
  notTried: {
    not_reached: 'the request ended before its turn',
    cooling_down: 'it was paused, because calls to it had failed recently',
    unpriced: 'it has no price, and a blocking budget applies',
    untranslatable: 'the request cannot be translated to its dialect',
    unsupported: 'its provider does not have this endpoint',
    too_small: 'the request is longer than its context window',
  },
  countAttempts: (count: number) => `${count} attempts`,
  answered: (count: string, took: string) => `${count} in ${took}. It answered.`,
  lastAnswered: (count: string, took: string) => `${count} in ${took}. The last one answered.`,
  brokeOff: (count: string, took: string) => `${count} in ${took}. The answer broke off.`,
  endedBeforeAnswer: (count: string, took: string) => `${count} in ${took}. It ended before an answer.`,
  failedIn: (count: string, took: string) => `${count} in ${took}. It failed.`,
  allFailed: (count: string, took: string) => `${count} in ${took}. All of them failed.`,

  // codes
  codeWords: {
    previous_response_not_found:
      'The request continues a stored response that its key does not find: it ended, it belongs to others, or it was never stored. The application can send the whole conversation instead.',
    no_deployment_for_tags:
      'No deployment of the model has all the tags that the request needs. These are the required tags of its key, team and organization and, if every deployment has tags, all tags that the request names. Remove a tag from the request, or ask a platform admin to add it to a deployment.',
    model_not_priced:
      'A blocking budget applies to the request, but the model’s deployment has no price, so the request cannot be charged. Ask a platform admin to set a price.',
    unpriced_parameter:
      'A blocking budget applies to the request. The request asks for something that the provider bills in addition to tokens, and that has no price here or no maximum. Remove the field from the request. Or ask a platform admin to set the price, or the number of searches per request, on the deployment’s page.',
  },

  // columns
  time: 'Time',
  code: 'Code',
  model: 'Model',
  organization: 'Organization',
  team: 'Team',
  key: 'Key',
  tokens: 'Tokens',
  spend: 'Spend',
  httpCode: (status: number, code: string, param: string) => `HTTP ${status} ${code}${param}`,
  stream: 'stream',
  inAndOut: (input: string, cached: string, output: string) => `${input} in (${cached} cached), ${output} out`,
  gatewayAndProvider: (gateway: string, providerMs: null | number) =>
    `Gateway ${gateway}, provider ${providerMs === null ? 'not called' : durationText(providerMs)}`,

  // conversation/ConversationView
  toolsOffered: (tools: string) => `Tools offered: ${tools}`,
  messagesTooLong:
    'The messages of the request cannot be shown, because the request was too long to be stored whole. The raw JSON shows its beginning.',
  earlierNotShown: (leftOut: string) => `${leftOut} earlier messages or parts are not shown here. The raw JSON has them.`,
  conversation: 'Conversation',
  theClientGotThisError: 'The client got this error',
  answerIncomplete: 'The stored answer is not complete: either the answer broke off, or only a part of it was stored.',
  noAnswerIsStored: 'No answer is stored.',
  answerIsNoMessage: 'The stored answer is not a message. The raw JSON shows it.',
  roles: {
    '': 'Message',
    developer: 'Developer',
    tool: 'Tool',
    assistant: 'Assistant',
  },
  answer: 'Answer',
  text: 'text',
  empty: 'Empty',
  thinking: 'Thinking',
  refusal: 'Refusal',
  calls: (name: string) => `Calls ${name || 'a tool'}`,
  toolError: 'Tool error',
  toolResult: 'Tool result',
  part: 'Part',
  bytesNotStored: (bytes: string) => `${bytes} bytes. The text is not stored.`,

  // conversation/conversation
  moreCharacters: (kept: string, count: number) => `${kept}… [${count} more characters]`,

  // conversation/json
  nestedTooDeeplyToBeShown: '[nested too deeply to be shown]',

  // conversation/read-messages
  hiddenByTheProvider: '[hidden by the provider]',
  media: {
    image: 'Image',
    image_url: 'Image',
    input_image: 'Image',
    input_audio: 'Audio',
    audio: 'Audio',
    file: 'File',
    input_file: 'File',
    document: 'Document',
    video: 'Video',
  },

  // filters
  member: 'Member',
  serviceAccount: 'Service account',
  modelCalled: 'Model called',
  tag: 'Tag',
  endUser: 'End user',
  session: 'Session',
  client: 'Client',
  deployment: 'Deployment',

  // remedy-words
  raiseThisLimit: 'Raise this limit',
  raiseThisBudget: 'Raise this budget',
  grantThisModel: 'Grant this model',
  allowThisModel: (scope: string) => `Allow this model for the ${scope}`,
  addADeploymentOfThisModel: 'Add a deployment of this model',
  setAPrice: 'Set a price',
  addTheTagToADeployment: 'Add the tag to a deployment',
  openTheOrganizationToReactivateIt: 'Open the organization to reactivate it',
  openTheKeyToEnableIt: 'Open the key to enable it',
  changeTheExpiry: 'Change the expiry',
  ofLevel: (level: string) => `The ${level}’s`,
  limitForThisModel: (level: string) => `${level} limit for this model`,
  limitOf: (level: string, limit: string) => `${level} limit of ${limit}`,
  budget: (level: string) => `${level} budget`,
  assetAccess: (level: string) => `${level} asset access`,
  theModelDoesNotExist: 'The model does not exist',
  pricesOfDeployments: 'The prices of the model’s deployments',
  tagsOfDeployments: 'The tags of the model’s deployments',
  theOrganizationIsNotActive: 'The organization is not active',
  theKeyItsTeam: 'The key, its team or its owner is disabled',
  theKeysExpiry: 'The key’s expiry',
  aPlatformAdmin: 'a platform admin',
  anAdminOfTheTeam: 'an admin of the team',
  commaOr: ', or ',
  or: ' or ',
  ofTheOrganization: (roles: string) => `an ${roles} of the organization`,
};
