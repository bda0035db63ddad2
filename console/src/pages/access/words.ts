import { plural } from '../../numbers/numbers.ts';

/** Every text of the access explorer, by the file that shows it. */
export const words = {
  // AccessExplorerPage
  question: 'Question',
  whatCanKeyCall: 'What can a key call?',
  whoCanCallAModel: 'Who can call a model?',
  accessExplorer: 'Access explorer',
  explorerMeans:
    'A key can call what its organization, its team, its owner and the key itself all allow. Each level can only restrict the level above.',

  // OfKey
  key: 'Key',
  target: 'Model or route group',
  allTargets: 'All models and route groups',
  searchForKeyHint:
    'Search for a key by the start of its name. You then see every model and route group that its organization is granted. For each one that the key cannot call, you see which level excludes it.',
  chooseAKey: 'Choose a key',
  grantedNothing:
    'Its organization is granted nothing, so none of its keys can call anything. A platform admin can grant models, route groups or access groups on',
  thisKeyCanCallNothing: 'This key can call nothing',
  of: 'of',
  canCall: ', can call',
  ofTargets: (count: number) => `of ${plural(count, 'model or route group', 'models and route groups')}.`,
  filterByName: 'Filter by name',
  showOnlyExcluded: 'Show only what it cannot call',
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
  chooseOrSearch: 'Choose or search',
  organization: 'Organization',
  allOrganizations: 'All organizations',
  whoIsListed: 'Who is listed',
  whoCan: 'Who can',
  whoCannotAndWhy: 'Who cannot, and why',
  chooseTargetHint:
    'You then see the organizations, teams, members and keys that can call it and through which grant, or those that cannot and which level excludes them.',
  chooseATarget: 'Choose a model or a route group',
  aModelIn: 'A model in',
  aRouteGroupIn: 'A route group in',
  noAccessGroup:
    'no access group. An organization can call it only if it is granted by its name, or if the organization is granted everything.',
  noTargetWhoCan: 'No model or route group has this name, or no one that you may see can call it.',
  noTargetWhoCannot: 'No model or route group has this name, or everyone that you may see can call it.',
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
  teamLevel: 'team',
  member: 'member',
  excluded: 'excluded',
  everythingIsGranted: 'everything is granted',
  inherits: 'inherits',
  accessGroup: (group: string) => `access group ${group}`,
  grantedByName: 'granted by its name',
  grantAtLevel: (grant: string, level: string) => `${grant}, to the ${level}`,
  notGrantedByName: 'The organization is not granted a target with this name.',
  notGranted: 'The organization is not granted it.',
  teamExcludes: 'The organization is granted it, but the team’s restriction excludes it.',
  ownerExcludes: 'The team has it, but the restriction of the key’s owner excludes it.',
  keyExcludes: 'The levels above allow it, but the key’s own restriction excludes it.',
};
