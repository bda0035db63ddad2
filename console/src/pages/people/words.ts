import { countText, plural } from '../../numbers/numbers.ts';

/** Every text of the pages about people, by the file that shows it. */
export const words = {
  // AccountActions
  youCannotDisableYourOwnAccount: 'You cannot disable your own account.',
  disable: 'Disable',
  more: 'More',
  platformRole: 'Platform role…',
  vouchForTheAddress: 'Vouch for the address…',
  signOutEverywhereMenu: 'Sign out everywhere…',
  resetSecondFactorMenu: 'Reset second factor…',
  canSignInAgain: (name: string) => `${name} can sign in again.`,
  thatDidNotWork: 'That did not work',
  enable: 'Enable',
  disableNamed: (name: string) => `Disable ${name}`,
  disableAccount: 'Disable account',
  theyAreSignedOut: 'They are signed out of every browser at once.',
  invitationsCancelled: 'Invitations that they sent and that no one has accepted yet are cancelled permanently.',
  theirKeysAreRefused: 'Their keys are refused in every organization until the account is enabled again.',
  nothingIsDeleted: (role: string | null) =>
    role === null ? 'Nothing is deleted.' : `Nothing is deleted. The account keeps the role ${role}.`,
  wasDisabled: (name: string) => `${name} was disabled.`,
  signOutNamedEverywhere: (name: string) => `Sign ${name} out everywhere`,
  signOutEverywhere: 'Sign out everywhere',
  everySessionEndsAtOnce: 'Every session ends at once. If this is your own account, that includes this browser.',
  theyCanSignInAgain: 'They can sign in again as before.',
  wasSignedOutEverywhere: (name: string) => `${name} was signed out everywhere.`,
  resetTheSecondFactorOf: (name: string) => `Reset the second factor of ${name}`,
  resetSecondFactor: 'Reset second factor',
  theirAuthenticatorRecoveryCodes: 'Their authenticator, recovery codes and passkeys stop working.',
  passwordAloneSignsIn:
    'Until they set up another factor, the password alone signs them in. Make sure that they asked for this themselves.',
  theSecondFactorWasReset: 'The second factor was reset.',

  // AccountPage
  platformRoleLabel: 'Platform role',
  none: 'None',
  address: 'Address',
  createdBy: 'Created by',
  secondFactor: 'Second factor',
  lastSignIn: 'Last sign-in',
  accountSince: 'Account since',
  memberships: 'Memberships',
  addPersonToOrganization: 'Add this person to an organization, with a role there and in its teams.',
  inNoOrganization: 'In no organization',
  peopleAccess: 'People & Access',
  theAccountsId: 'the account’s id',
  accountsBelongToPlatform:
    'Accounts belong to the platform. Find the person on the Members tab of an organization that you manage.',
  openPersonFromOrganization: 'Open this person from an organization',
  person: 'Person',

  // AccountSignIn
  signIn: 'Sign-in',
  acceptsThisAccount: (organization: string | null) =>
    `${organization === null ? 'Only platform admins can add this account to an organization.' : `Only ${organization} accepts this account.`} To prove the address, the person can reset the password by e-mail, or a platform admin can vouch for it.${organization === null ? '' : ` A first sign-in through an identity provider of ${organization} proves it too, and removes the ways to sign in that the account has now.`}`,
  memberBeforeChecks: (elsewhere: string) =>
    `It became a member elsewhere before addresses were checked: ${elsewhere}. Check that it is the right person.`,
  theAddressIsNotProved: 'The address is not proved',
  noWayToSignInYet: 'This person cannot sign in yet.',
  signsInWith: 'Signs in with',
  added: 'Added',
  how: 'How',
  addedBeforeProof: 'Added before the address was proved',
  removedAtNextReset: 'The next password reset removes it.',
  waysToSignIn: 'Ways to sign in',
  proved: 'Proved',
  reason: 'Reason',
  proofsOfAddresses: 'Proofs of addresses',

  // AccountsList
  organizations: 'Organizations',
  status: 'Status',
  since: 'Since',
  searchByNameOrId: 'Search by name or id',
  anyAddress: 'Any address',
  notProved: 'Not proved',
  provedWithOlderPasskeys: 'Proved, with older passkeys',
  anyStatus: 'Any status',
  activeOption: 'Active',
  disabledOption: 'Disabled',
  whomToInvite: 'Invite the people who manage organizations and teams. Applications need no account: they use keys.',
  noAccountsYet: 'No accounts yet',
  invitePerson: 'Invite person',
  noOrganization: 'No organization',
  onlyPlatformAdminsAddIt: 'Only platform admins can add it to an organization',
  onlyAcceptsIt: (name: string) => `Only ${name} accepts it`,
  authenticator: 'Authenticator',

  // AddPersonDialog
  addPerson: 'Add person',
  addPersonTo: (name: string) => `Add a person to ${name}`,
  anOrganization: 'An organization',
  thePlatform: 'The platform',
  aRoleEverywhere: 'A role in all organizations.',
  addTo: 'Add to',
  whomYouCanFind:
    'You can search the members of the organizations that you manage. Everyone else joins by an invitation, or a platform admin adds them.',
  choosePersonOrAddress: 'Choose a person from the list, or enter a valid e-mail address.',
  chooseAnOrganization: 'Choose an organization.',

  // AddToOrganizationDialog
  addToAnOrganization: 'Add to an organization',
  addNamedToOrganization: (name: string) => `Add ${name} to an organization`,
  alreadyMemberOf: (name: string, organization: string, role: string) =>
    `${name} is already a member of ${organization} (${role}).`,
  addToOrganization: 'Add to organization',
  theOrganization: 'the organization',

  // AddToTeamDialog
  addNamedToTeam: (name: string) => `Add ${name} to a team`,
  chooseATeam: 'Choose a team.',
  alreadyInTeam: (name: string, team: string, role: string) => `${name} is already in ${team} (${role}).`,
  team: 'Team',
  roleInTheTeam: 'Role in the team',
  addToTeam: 'Add to team',
  theTeam: 'the team',

  // EditMemberDialog
  role: 'Role',
  editNamed: (name: string) => `Edit ${name}`,
  thisMember: 'This member',
  disabledMemberMeans: 'A disabled member keeps their role and teams but cannot use them. Their keys are refused.',

  // InvitationsList
  eMail: 'E-mail',
  moreTeams: (count: number) => `+${plural(count, 'team', 'teams')}`,
  searchByEMail: 'Search by e-mail',
  invitationMeans: 'An invitation is a link for one e-mail address. It works once, within seven days.',
  noInvitationsYet: 'No invitations yet',
  cancelInvitation: 'Cancel invitation',
  linkStopsWorking: (email: string) => `The link sent to ${email} stops working at once.`,
  canInviteAgain: 'You can invite the same address again.',
  theInvitationWasCancelled: 'The invitation was cancelled.',
  to: 'To',
  invitedBy: 'Invited by',
  sent: 'Sent',
  expires: 'Expires',
  thisGateway: 'This gateway',
  notSent: 'Not sent',
  sendAgain: 'Send again',
  cancel: 'Cancel',

  // LeavingDialog
  lookingUpKeysAndTeams: 'Looking up keys and teams…',
  revokeKeys: 'Revoke them: applications that use them are refused from now on',
  giveKeysToTeam: 'Give each to the default service account of its team',
  giveKeysToMember: 'Give them to another member',
  whatHappensToTheseKeys: 'What happens to these keys',
  member: 'Member',
  theyAreInNoTeam: 'They are in no team.',
  theyLeaveTeams: (count: number, teams: string) =>
    `They leave ${count === 1 ? 'the team' : `${countText(count)} teams`}: ${teams}.`,
  keysAffected: (count: number, keys: string) => `${count === 1 ? 'key is' : 'keys are'} affected: ${keys}.`,
  shownAndMore: (shown: string, count: string) => `${shown} and ${count} more`,

  // MembersList
  anyRole: 'Any role',
  whomToAddFirst: 'Add the people who are responsible for this organization. Start with an owner, who can then add the others.',
  noMembersYet: 'No members yet',
  teams: 'Teams',
  keys: 'Keys',
  lastSeen: 'Last seen',
  actionsFor: (name: string) => `Actions for ${name}`,
  roleLimitsAndAccessMenu: 'Role, limits and access…',
  removeMenu: 'Remove…',

  // MembershipCard
  dotDisabled: ' · disabled',
  countKeys: (count: number) => plural(count, 'key', 'keys'),
  ownAccessAndLimits: (assetAccess: string) =>
    `Own asset access: ${assetAccess}. The limits below apply to all keys that this person owns here together.`,
  roleLimitsAndAccess: 'Role, limits and access',
  addToATeam: 'Add to a team',
  remove: 'Remove',
  notInAnyTeam: 'Not in any team.',
  teamsBefore: 'Teams:',

  // MembershipFields
  organization: 'Organization',
  roleInTheOrganization: 'Role in the organization',

  // PeoplePage
  accounts: 'Accounts',
  members: 'Members',
  invitations: 'Invitations',
  whoCanSign: 'Who can sign in, and their roles in organizations and teams.',
  whoCanAddPeople: 'Only platform admins, and owners and admins of an organization, can add people.',

  // PersonField
  nameOrEMailAddress: 'Name or e-mail address',
  personExample: 'Ada or ada@example.com',
  searching: 'Searching',
  inOrganizationAs: (role: string) => `In the organization (${role}), can be added to the team`,
  alreadyAMemberAs: (role: string) => `Already a member: ${role}`,
  addressNotProved: 'Address not proved',
  chooseOrEnterPerson: 'Choose someone who has an account, or enter the full e-mail address of someone new.',
  lookingForAccount: 'Looking for an account with this address…',
  linkIsSentThere: 'The link is sent to this address.',
  handOverLink: 'You get the link to hand over, because this gateway sends no e-mail.',
  addressGetsInvitation: (sent: string) => `This address gets an invitation. ${sent}`,
  alreadyMemberChangeRole: (name: string, role: string) =>
    `${name} is already a member (${role}). Change the role in the list of members.`,
  addressNotProvedYet: (name: string) =>
    `The address of ${name} is not proved, so the account cannot be added yet. A platform admin can vouch for it.`,
  hasAccount: (name: string) => `${name} has an account and is added at once.`,

  // PlatformRoleDialog
  noPlatformRoleMeans: 'They have only the roles of their memberships.',
  platformRoleOf: (name: string) => `Platform role of ${name}`,
  thisAccount: 'This account',
  thePlatformRoleWasChanged: 'The platform role was changed.',

  // RemoveMemberDialog
  removeNamed: (name: string) => `Remove ${name}`,
  removeMember: 'Remove member',
  theyLoseAccess: 'They lose access to the organization at once, in every browser.',
  accountIsKept: 'Their account is kept. What they did stays in the audit log.',
  wasRemoved: (name: string) => `${name} was removed.`,

  // SentDialog
  invitationLinkMeans: (isMailed: boolean) =>
    `${isMailed ? 'The invitation was sent by e-mail. The link in the e-mail proves the address. Use the link below only if the e-mail does not arrive.' : 'No e-mail was sent. Give this link to the person yourself. It is not shown again.'} It works once, for this address only, until`,
  link: 'Link',
  givenLinkMeans:
    'A link that you give to the person does not prove their address. Until the address is proved, no other organization accepts the account.',
  isInvited: (email: string) => `${email} is invited`,
  done: 'Done',

  // TeamRolesField
  anotherTeam: 'Another team',
  addATeam: 'Add a team',
  roleIn: (name: string) => `Role in ${name}`,
  notIn: (name: string) => `Not in ${name}`,

  // VouchDialog
  vouchingMeans:
    'After this, every organization can accept this account. First check how the account signs in: whoever added a way to sign in can use it. If you are not sure, reset the password and the second factor.',
  reasonIsKept: 'Kept with the account and in the audit log.',
  reasonExample: 'Spoke to her on her office number',
  vouchFor: (email: string) => `Vouch for ${email}`,
  enterReason: 'Enter how you know. It is kept with the account.',
  vouchForAddress: 'Vouch for address',
  youVouchedFor: (email: string) => `You vouched for ${email}.`,

  // add-person
  alreadyMemberHere: (name: string, role: string) => `${name} is already a member here (${role}).`,
  alreadyHasRole: (name: string, present: string) => `${name} already has the role ${present}. Change it on their page.`,

  // sign-in-words
  made: {
    handed_link: 'An invitation link given by hand',
    mailed_link: 'An invitation by e-mail',
    first_admin_link: 'The operator’s first-admin link',
    platform_admin: 'A platform admin',
    identity_provider: 'A sign-in through an identity provider',
    directory: 'The organization’s SCIM directory',
    earlier: 'Not known (older than this record)',
  },
  howFrom: (how: string, name: string) => `${how}, from ${name}`,
  proofs: {
    mail: 'By e-mail',
    operator: 'By the operator',
    platform_admin: 'Vouched for',
    identity_provider: 'By an identity provider',
  },
  howBy: (how: string, name: string) => `${how} by ${name}`,
  kinds: {
    password: 'Password',
    passkey: 'Passkey',
    authenticator: 'Authenticator app',
  },
  addedHow: {
    handed_invitation: 'By an invitation link given by hand',
    mailed_invitation: 'By an invitation that was e-mailed',
    handed_reset: 'By a reset link that a platform admin made',
    mailed_reset: 'By a reset link that was e-mailed',
    first_admin_link: 'By the operator’s first-admin link',
    shown_again: 'Signed in, with the password or a passkey shown again',
  },
  notKnown: 'Not known (older than this record)',

  // useAdded
  wasAdded: (name: string) => `${name} was added.`,
  wasAddedTo: (name: string, place: string) => `${name} was added to ${place}.`,
};
