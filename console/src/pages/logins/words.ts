import { moneyText } from '../../numbers/numbers.ts';

/** Every text about logins and managed settings, by the file that shows it. */
export const words = {
  // ApproveForm
  team: 'Team',
  teamMeans: 'Its limits and budgets apply, and what this login uses counts as its spend.',
  chooseATeam: 'Choose a team.',
  noTeams: 'You are in no team, so there is nothing to log in to. Ask an admin to add you to a team.',
  budget: 'Budget of this login (USD)',
  budgetMeans: (left: string) =>
    `The team bounds what your own keys and logins may spend together. ${moneyText(left)} is left. Leave it empty for all of that.`,
  yourPassword: 'Your password',
  whyAgain: 'You signed in more than 10 minutes ago. Confirm that it is you.',
  orThroughProvider: 'Or sign in again through your provider. You come back to this page.',
  comesBack: 'Sign in again; you come back to this page.',
  throughProvider: (name: string) => `Sign in through ${name}`,
  signInAgain: 'Sign in again',
  usePasskey: 'Use a passkey instead',
  usePassword: 'Use the password instead',
  passkeyIsAsked: 'The browser will ask for your passkey.',
  noPasskeyUsed: 'No passkey was used. Use your password instead.',
  noCodesAt: (organization: string) =>
    `${organization} allows no logins with a code. Log in with a browser on the same computer.`,
  approve: 'Approve',
  deny: 'Deny',

  // ConnectPage
  connectTitle: 'Log in on this computer',
  connectAbout: 'A program on this computer wants to use Headgate as you.',
  incomplete: 'This address is incomplete',
  startAgain: 'It comes from a program that logs in. Start the login there again.',
  device: 'Device',
  program: 'Program',
  answersTo: 'Answers to',
  onlyIfYou: 'Approve only if you have just started a login on this computer.',
  onTheWay: 'You are being sent back to the program. You can close this page afterwards.',

  // DevicePage
  deviceTitle: 'Log in a device',
  deviceAbout: 'A program without a browser shows a code. Enter it here.',
  code: 'Code',
  codeExample: 'XXXX-XXXX',
  codeMeans: 'Eight letters, as the device shows them.',
  continue: 'Continue',
  neverFromOthers:
    'Enter a code only if you started the login yourself. Whoever sends you a code by mail or chat wants to use Headgate as you.',
  asksFrom: 'Asks from',
  asked: 'Asked',
  sameNetwork: 'the address that you use now',
  unknown: 'unknown',
  otherCode: 'Enter another code',
  approved: 'The device is logged in',
  approvedMeans: 'It gets its tokens in a few seconds. You can close this page.',
  denied: 'The device was denied',
  deniedMeans: 'Its code does not work any more.',

  // LoginsList
  logins: 'Logins',
  person: 'Person',
  lastUsed: 'Last used',
  since: 'Since',
  ends: 'Ends',
  never: 'never',
  end: 'End',
  endNamed: (device: string) => `End the login on ${device}`,
  endLogin: 'End login',
  tokensStop: 'Its tokens stop working at once. The program has to log in again.',
  wasEnded: (device: string) => `The login on ${device} was ended.`,
  noLogins: 'No logins yet',
  noLoginsHint: 'A login appears here when somebody approves a program on their computer, such as Claude Code.',

  // LoginsSection
  loginsMean: 'Programs on your devices that use Headgate as you. End those that you do not know.',

  // LoginsTab
  longLived: 'Long-lived keys of people',
  longLivedMean: 'Keys that people own work until somebody replaces them. A login on the same laptop has tokens of one hour.',
  showThem: 'Show them',
  policy: 'Allowed logins',
  policyMeans:
    'Teams decide in their self-service policy whether members may make keys, and so log in. Logins that were made stay.',
  any: 'All',
  anyMeans: 'In a browser on the same computer, or with a code.',
  loopback: 'Only on the same computer',
  loopbackMeans: 'Codes are refused, so nobody can be talked into approving a stranger’s device.',
  off: 'None',
  offMeans: 'Nobody can log in. Keys are not affected.',
  policyWasChanged: 'The allowed logins were changed.',

  // ManagedSettings
  managedSettings: 'Managed settings of Claude Code',
  managedMean: 'Claude Code, logged in at this gateway, fetches them about once an hour. People cannot change them.',
  organizationWins: 'The organization’s settings win over these, field by field.',
  noneSet: 'None are set here.',
  edit: 'Edit settings',
  set: 'Set settings',
  remove: 'Delete settings',
  removeMeans: 'Claude Code drops them at its next fetch.',
  wereRemoved: 'The managed settings were deleted.',
  wereSaved: 'The managed settings were saved.',
  json: 'Settings as JSON',
  jsonMeans: 'The content of managed-settings.json, at most 256 kB.',
  notJson: 'This is not valid JSON.',
  notAnObject: 'The settings must be a JSON object.',
  save: 'Save',
  lookTwice: 'These parts act on people’s computers',
  nothingRisky: 'No part that is added runs programs, sets the environment or loosens permissions.',
  why: {
    runs_command: 'runs a program',
    sets_environment: 'sets a variable of the environment',
    loosens_permissions: 'loosens permissions',
  },
  lastChanged: 'Last changed',
  by: 'by',
};
