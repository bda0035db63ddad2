import { plural } from '../../numbers/numbers.ts';

/** Every text of the security report, by the file that shows it. */
export const words = {
  // FindingSection
  none: 'None',
  hideList: 'Hide list',
  showList: 'Show list',
  toggleList: (isOpen: boolean, title: string) => `${isOpen ? 'Hide' : 'Show'} list: ${title}`,

  // SecurityPage
  findingsAppearHere: 'Its findings appear here, each with what to do about it.',
  chooseAnOrganization: 'Choose an organization',
  security: 'Security',
  securityMeans:
    'What to check in an organization: who can sign in, which access no one is responsible for, and what is sent unencrypted.',
  organization: 'Organization',

  // SecurityReport
  openMembers: 'Open members',
  openAdminTokens: 'Open admin tokens',
  openCredentials: 'Open credentials',
  openInApiKeys: 'Open in API keys',
  peopleAsCsv: 'People as CSV',
  keysAsCsv: 'Keys as CSV',

  // finding-lists
  noFindingsAreLeftHere: 'No findings are left here.',
  searchByNameOrAddress: 'Search by name or address',
  member: 'Member',
  role: 'Role',
  vouchedForBy: 'Vouched for by',
  when: 'When',
  passkeys: 'Passkeys',
  lastSeen: 'Last seen',
  searchByNameOrId: 'Search by name or id',
  name: 'Name',
  token: 'Token',
  tokenEnd: (lastFour: string) => `hgadm_…${lastFour}`,
  lastUsed: 'Last used',
  ends: 'Ends',
  calledAs: 'Called as',
  kind: 'Kind',
  withoutEncryption: 'Without encryption',
  plainDeployments: (plain: number, all: number) => `${plain} of ${plural(all, 'deployment', 'deployments')}`,

  // findings
  vouchedTitle: 'People whose address was vouched for',
  vouchedWhy: 'A platform admin vouched for these addresses. No e-mail proved them, so an account may belong to someone else.',
  vouchedAdvice:
    'Check that you know each person. A password reset by e-mail proves the address. Remove everyone who does not belong here.',
  vouchedNone: 'No member’s address is proved only by the word of a platform admin.',
  noFactorTitle: 'People without a second factor',
  noFactorWhy: 'Their password alone signs them in. Anyone who learns it can do everything that their role allows.',
  noFactorAdvice: 'Ask each person to add an authenticator app in their profile. Remove everyone who no longer needs access.',
  noFactorNone: 'No one signs in with a password alone.',
  noOwnerTitle: 'Admin tokens without an owner',
  noOwnerWhy: 'No one is responsible for these tokens. Each one stops working on the date shown.',
  noOwnerAdvice: 'Take over the tokens that are still needed, and revoke the others.',
  noOwnerNone: 'Every admin token has an owner.',
  plainTitle: 'Models called without encryption',
  plainWhy:
    'A provider of these models has an http:// address. Prompts, answers and the provider’s key cross the network unencrypted.',
  plainAdvice: 'The provider’s credential needs an https:// address. Platform admins change it under Credentials.',
  plainNone: 'Every model that this organization can call is reached over https:// or inside a trusted network.',
  unusedTitle: 'Keys unused for 90 days',
  unusedWhy: 'These keys still work, but no one has used them for 90 days. If one of them leaks, no one may notice.',
  unusedAdvice: 'Disable a key first. If no one misses it, revoke it.',
  unusedNone: 'Every working key was used or created in the last 90 days.',
};
