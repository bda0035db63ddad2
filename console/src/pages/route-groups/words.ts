import { plural } from '../../numbers/numbers.ts';

/** Every text about route groups, by the file that shows it. */
export const words = {
  // CreateRouteGroup
  enterCalledName: 'Enter the name that callers use.',
  key: 'Key',
  keyMeans: 'Callers use it like a model name. No model or other route group can have this name.',
  strategy: 'Strategy',
  members: 'Members',
  fallbacksInOrder: 'Fallbacks, in order',
  fallbacksMean: 'Tried in this order if all members failed, and only if the caller may call them.',
  createRouteGroup: 'Create route group',
  chooseDeployments: 'Choose a deployment in each row.',
  groupWasCreated: (key: string) => `${key} was created. Anyone who is granted it can call it.`,

  // FallbacksDialog
  fallbacksOf: (key: string) => `Fallbacks and sessions of ${key}`,
  fallbacksAndSessions: 'Fallbacks and sessions',
  thisRouteGroup: 'This route group',
  save: 'Save',
  groupWasChanged: (key: string) => `${key} was changed.`,
  fallbacks: 'Fallbacks',
  none: 'none',

  // DetourPickers
  contextFallbacks: 'Context fallbacks',
  contextFallbacksMean:
    'Serve requests that are too long, in this order: if every deployment declares a smaller context window, or the provider says so. The caller needs access to them.',

  policyFallbacks: 'Policy fallbacks',
  policyFallbacksMean:
    'Serve requests that a content filter or the model refused before any output, in this order. Both attempts are charged. The caller needs access to them.',

  // CanaryFields
  canary: 'Canary',
  canaryMeans:
    'Gets a share of the sessions, else of the requests, first. A session stays on its side. The others reach it last.',
  noCanary: 'No canary',
  anotherTarget: 'Another model or route group',
  canaryTarget: 'Target',
  canaryShare: 'Share',
  percentTo: (percent: number, place: string) => `${percent}% to ${place}`,
  shareMustBe: (field: string) => `"${field}" must be null, or have a "percent" and either a "deployment_id" or a "target".`,
  atTheCanary: 'At the canary',
  mirror: 'Mirror',
  mirrorMeans:
    'Gets copies of a share of the sessions, else of the requests. Nobody gets its answers, and the platform pays for them. Only organizations that allow it are copied.',
  noMirror: 'No mirror',
  mirrorTarget: 'Target of copies',
  mirrorShare: 'Share of copies',
  atTheMirror: 'Copied to the mirror',

  // StickySwitch
  sticky: 'Sticky sessions',
  stickyMeans:
    'Requests of one session go to one deployment while it is healthy, so that its prompt cache is used. The strategy orders requests without a session.',
  on: 'On',
  off: 'Off',

  // CacheInput
  cachedAnswers: 'Cached answers',
  cachedAnswersMean:
    'The seconds for which the answer of a request is given again to the same request, at no cost: at most 86,400. Each organization decides whether its requests use this.',
  secondsAfter: ' s',
  notCached: 'Not kept',
  cachedFor: (seconds: number) => `Given again for ${seconds} s`,

  // MemberRows
  noMembersYet: 'No members yet. Without a member, every call fails unless a fallback answers. Add a member.',
  addMember: 'Add member',
  deployment: 'Deployment',
  weight: 'Weight',
  priority: 'Priority',
  firstChoiceMeans: 'The share of requests that try this member first while all members are in service',
  removeMember: (ordinal: number) => `Remove member ${ordinal}`,
  memberNumber: (ordinal: number) => `Member ${ordinal}`,

  // MemberTable
  noMembersPublish: 'No members. Calls fail unless a fallback answers. Add members below and publish them.',
  provider: 'Provider',
  health: 'Health',
  pricePerMillionTokens: 'Price per million tokens',
  routingTags: 'Routing tags',
  firstChoice: 'First choice',

  // PolicyEditor
  json: 'JSON',
  policy: 'Policy',
  notPublished: 'Not published',
  howPolicyIsEdited: 'Policy editor',
  guided: 'Guided',
  someoneElsePublished:
    'Someone else published another policy in the meantime. It is in force now. Your changes are still here. Publish them to compare both policies, or discard them.',
  thisPolicy: 'This policy',

  // PolicyFields
  policyAsJson: 'Policy as JSON',

  // PolicyHistory
  publishedVersions: 'Published versions',
  noVersionsYet: 'No versions yet. Each policy that you publish appears here.',
  version: 'Version',
  published: 'Published',
  by: 'By',
  rolledBack: (version: number) => ` (rolled back to ${version})`,
  inForce: 'In force',
  rollBackTo: (version: number) => `Roll back to ${version}`,
  rollBackToVersion: (version: number | string) => `Roll back to version ${version}`,
  rollBack: 'Roll back',
  rollBackPublishes: 'The old policy is published as a new version and takes effect at once.',
  currentPolicyStays: 'The policy that is in force now stays in this list.',
  versionInForceAgain: (version: number) => `The policy of version ${version} is in force again.`,
  weightAtPriority: (name: string, weight: number, priority: number) => `${name}: ${weight} at ${priority}`,

  // PolicyPublishing
  policyWasPublished: (key: string) => `The policy of ${key} was published and is in force.`,
  simulateRequests: (count: string) => `Simulate ${count} requests`,
  discardChanges: 'Discard changes',
  publish: 'Publish',
  simulateFirst:
    'Simulate your changes before you publish them. The simulation sends no request. It uses the gateway’s own routing to compute the shares.',

  // RouteGroupPage
  accessGroups: 'Access groups',
  whoCanCallIt: 'Who can call it',
  accessExplorer: 'Access explorer',
  created: 'Created',
  changed: 'Changed',
  membersNow: 'Members now',
  routeGroups: 'Route groups',
  id: 'id',
  delete: 'Delete',
  deleteRouteGroup: 'Delete route group',
  noOneCanCall: 'No one can call it any more. Its deployments are kept.',
  grantsAreKept: 'Grants of its key are kept but have no effect.',
  policiesAreDeleted: 'Its published policies are deleted with it.',
  wasDeleted: (key: string) => `${key} was deleted.`,

  // RouteGroupsPage
  countDeployments: (count: number) => plural(count, 'deployment', 'deployments'),
  searchByKeyOrId: 'Search by key or id',
  groupsMean:
    'A route group distributes calls over deployments of different models, providers or regions. Add deployments first, then create a group.',
  noRouteGroupsYet: 'No route groups yet',
  routeGroupsMean: 'Named sets of deployments with their own routing policy. Callers use the key of a group like a model name.',

  // SimulationView
  ofRequests: (requests: string) => `Of ${requests} requests, with the deployments as they are now`,
  noDeploymentTried: 'No deployment would be tried.',
  simulation: 'Simulation',

  // policy
  weighted: 'Weighted: chosen by weight',
  byPriority: 'Priority: the lowest number first, by weight if equal',
  leastBusy: 'Least busy: the fewest requests in flight for each weight',
  latency: 'Latency: the shortest time to the first output',
  cheapest: 'Cheapest: the lowest cost of the request',
  usage: 'Usage: the smallest share of the token capacity used this minute',
  headroom: 'Headroom: the most left of the provider’s rate limits',
  memberLine: (name: string, weight: number, priority: number) => `${name}: weight ${weight}, priority ${priority}`,
  listedTwice: 'A deployment is listed twice. Keep one row with the sum of the weights.',
  notValidJson: (message: string) => `This is not valid JSON: ${message}`,
  strategyMustBe: (names: string) => `"strategy" must be one of ${names}.`,
  membersMustBeList: '"members" must be a list.',
  memberNeedsDeployment: 'Each member needs a "deployment_id".',
  mustBeNames: (field: string) => `"${field}" must be a list of names.`,
  wholeNumbers: '"weight" and "priority" must be whole numbers, 0 or more.',
};
