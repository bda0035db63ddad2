import { plural } from '../../numbers/numbers.ts';

/** Every text about access groups, by the file that shows it. */
export const words = {
  // AccessGroupDialog
  enterKey: 'Enter a key.',
  key: 'Key',
  keyMeans: 'The name in grants and in the API. You cannot change it later.',
  createAccessGroup: 'Create access group',
  groupWasCreated: (key: string) => `The access group ${key} was created. Add targets to it next.`,
  name: 'Name',
  nameMeans: 'Shown to people. If empty, the key is shown.',
  description: 'Description',

  // AccessGroupPage
  accessGroups: 'Access groups',
  keyLabel: 'key',
  edit: 'Edit',
  delete: 'Delete',
  deleteAccessGroup: 'Delete access group',
  removedFromTargets: (count: number) => `It is removed from ${plural(count, 'target', 'targets')}.`,
  grantedToNoOne: 'It is granted to no one.',
  holdersHaveIt: (count: number) => `${plural(count, 'holder has', 'holders have')} this group. Remove it from them first.`,
  groupWasDeleted: (key: string) => `The access group ${key} was deleted.`,

  // AccessGroupsPage
  searchByKey: 'Search by key',
  createOneHint:
    'Create a group, add models to it, and grant it to organizations. They can then call every model that you add later, without another grant.',
  noAccessGroupsYet: 'No access groups yet',
  groupsMean:
    'Labels on models and route groups. Anyone who is granted a group can call every target in it, including targets added later.',
  targets: 'Targets',
  empty: 'empty',
  changed: 'Changed',

  // EditAccessGroupDialog
  editGroup: (groupKey: string) => `Edit ${groupKey}`,
  thisAccessGroup: 'This access group',

  // Holders
  scopeWords: {
    organization: 'Organization',
    team: 'Team',
    user: 'Member',
    key: 'Key',
  },
  grantedTo: 'Granted to',
  noOneYet: 'No one yet. Grant it in an organization’s',
  assetAccess: 'asset access',
  holder: 'Holder',
  level: 'Level',
  organization: 'Organization',
  holders: 'Holders',
  thereAreMore: (shown: number) => `There are more holders. The first ${shown} are shown.`,

  // LabelledTargets
  targetsInThisGroup: 'Targets in this group',
  noTargetsYet: 'No targets yet. Grants of this group take effect when you add a target.',
  addATarget: 'Add a target',
  modelOrRouteGroup: 'Model or route group',
  addTarget: 'Add target',
  removeTarget: (target: string, group: string) => `Remove ${target} from ${group}?`,
  removeFromGroup: 'Remove from the group',
  whoLosesAccess: (target: null | string, group: string) =>
    `Anyone who can call ${target ?? 'it'} only through ${group} loses access.`,
  removeTargetNamed: (name: string) => `Remove ${name} from the group`,
  canNowCall: (groupKey: string, target: string) => `Anyone with ${groupKey} can now call ${target}.`,
  targetWasRemoved: (target: string, groupKey: string) =>
    `${target} was removed from ${groupKey}. Anyone who could call it only through this group lost access.`,

  // LabelsDialog
  newGroups: (groups: string) => ` New: ${groups}.`,
  groupsWereChanged: (name: string, made: string) => `The access groups of ${name} were changed.${made}`,
  accessGroupsOf: (name: string) => `Access groups of ${name}`,
  thisTarget: 'This target',
  saveAccessGroups: 'Save access groups',
  newKeyMeans: 'A new key creates a new group.',
  anyoneWith: 'Anyone with',
  or: ' or ',
  canCallOnceSaved: (name: string) => `can call ${name} as soon as you save.`,
  throughOnly: (name: string) => `Anyone who can call ${name} only through`,
  losesAccessOnceSaved: 'loses access as soon as you save.',
};
