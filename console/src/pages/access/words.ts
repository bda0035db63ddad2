import { plural } from '../../numbers/numbers.ts';

/** Every text of the access explorer, by the file that shows it. */
export const words = {
  // AccessExplorerPage
  question: 'Question',
  whatCanKeyCall: 'What can a key call?',
  whoCanCallATarget: 'Who can call a target?',
  accessExplorer: 'Access explorer',
  explorerMeans:
    'A key can call what its organization, its team, its owner and the key itself all allow. Each level can only restrict the level above.',

  // OfKey
  key: 'Key',
  target: 'Target',
  allTargets: 'All targets',
  searchForKeyHint:
    'Search for a key by the start of its name. You then see every target that its organization is granted. For each target that the key cannot call, you see which level excludes it.',
  chooseAKey: 'Choose a key',
  grantedNothing:
    'Its organization is granted nothing, so none of its keys can call anything. A platform admin can grant targets or access groups on',
  thisKeyCanCallNothing: 'This key can call nothing',
  of: 'of',
  canCall: ', can call',
  ofTargets: (count: number) => `of ${plural(count, 'target', 'targets')}.`,
  filterByName: 'Filter by name',
  showOnlyExcluded: 'Show only targets that it cannot call',
  canCallColumn: 'Can call',
  why: 'Why',
  levelByLevel: 'Level by level',
  whatTheKeyCanCall: 'What the key can call',
  firstShown: (shown: number, rows: number) => `The first ${shown} of ${rows} are shown. Filter by name to find the others.`,
  routeGroup: 'route group',
  yes: 'Yes',
  no: 'No',

  // OfTarget
  levelNames: {
    organizations: 'Organizations',
    teams: 'Teams',
    members: 'Members',
    keys: 'Keys',
  },
  modelOrRouteGroup: 'Model or route group',
  organization: 'Organization',
  allOrganizations: 'All organizations',
  whoIsListed: 'Who is listed',
  whoCan: 'Who can',
  whoCannotAndWhy: 'Who cannot, and why',
  chooseTargetHint:
    'Choose a model or a route group. You then see everyone who can call it and through which grant, or everyone who cannot and which level excludes it.',
  chooseATarget: 'Choose a target',
  aModelIn: 'A model in',
  aRouteGroupIn: 'A route group in',
  noAccessGroup: 'no access group. It can be granted only by its name, or with everything.',
  noTargetWhoCan: 'No target has this name, or no one that you may see can call it.',
  noTargetWhoCannot: 'No target has this name, or everyone that you may see can call it.',
  noneCanCall: (level: string) => `None of the ${level} can call it.`,
  allCanCall: (level: string) => `All ${level} here can call it.`,
  name: 'Name',
  status: 'Status',
  through: 'Through',
  whyNot: 'Why not',
  explain: 'Explain',
  whoCallsTarget: (level: string, who: string, target: string) => `${level} that ${who} call ${target}`,
  showMore: 'Show more',

  // step-words
  organizationLevel: 'organization',
  team: 'team',
  member: 'member',
  excluded: 'excluded',
  everythingIsGranted: 'everything is granted',
  inherits: 'inherits',
  accessGroup: (group: string) => `access group ${group}`,
  grantedByName: 'granted by name',
  grantAtLevel: (grant: string, level: string) => `${grant}, at the ${level}`,
  notGrantedByName: 'The organization is not granted a target with this name.',
  notGranted: 'The organization is not granted it.',
  teamExcludes: 'The organization is granted it, but the team’s restriction excludes it.',
  ownerExcludes: 'The team has it, but the restriction of the key’s owner excludes it.',
  keyExcludes: 'The levels above allow it, but the key’s own restriction excludes it.',
};
