/** Every text about roles and permissions, by the file that shows it. */
export const words = {
  // RolesPage
  title: 'What may each role do?',
  about:
    'Every operation needs one of these permissions. Somebody with several roles has what each of them gives. Nobody gives a role above their own.',
  search: 'Search permissions',
  role: 'Role',
  everyRole: 'Every role',
  nothingFound: 'No permission matches',
  nothingFoundHint: 'Search for another word, or choose another role.',
  reachMeans: {
    all: 'over everything in the place of the role: the installation, or one organization',
    own_team: 'over everything in the team where the role is held',
    own: 'only over what belongs to the person',
  },

  // RolesTable
  permission: 'Permission',
  place: { platform: 'Platform', organization: 'Organization', team: 'Team' },
  reach: { all: 'All', own_team: 'Own team', own: 'Own' },
  not: '—',
  notAllowed: 'not allowed',
};
