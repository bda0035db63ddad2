/** Every text of the profile page, by the file that shows it. */
export const words = {
  // AuthenticatorDialog
  enterYourPasswordFirst: 'Enter your password first.',
  continue: 'Continue',
  setUpAnAuthenticator: 'Set up an authenticator',
  authenticatorIsOn: 'The authenticator is on. You need its code the next time you sign in.',
  scanThis: 'Scan this with your authenticator app, then enter the code that it shows.',
  qrCodeForYourAuthenticatorApp: 'QR code for your authenticator app',
  cannotScan: 'Cannot scan? Enter',
  theAuthenticatorsSecret: 'the authenticator’s secret',
  code: 'Code',
  cancel: 'Cancel',
  turnOn: 'Turn on',

  // LinksSection
  companySignIn: 'Company sign-in',
  companySignInMeans:
    'Link this account to a person at an identity provider of your organization. Then you can sign in through it. To link it, you sign in there once.',
  theProvider: 'Your identity provider',
  link: 'Link',
  linkRemovesBefore: 'The first link removes your other ways in',
  linkRemovesBeforeMeans: (email: string) =>
    `Nobody has proved yet that ${email} is yours. The first link to a provider proves it, also at a sign-in through it, and removes the password, passkeys, authenticator, sessions and other links that the account has now.`,
  linkAndRemove: 'Link, and remove them',
  goOnToLink: 'Sign in there, and link',
  enterYourAddress: 'Enter your address.',
  addressAtProvider: (provider: string) => `Your e-mail address at ${provider}`,
  addressAtProviderMeans:
    'Nothing is linked if the provider names another address, because the browser may be signed in there as somebody else.',
  linkProves: (email: string, provider: string) => `If ${provider} says that you are ${email}, that proves your address.`,
  linkRemoves:
    'Then your password, passkeys, authenticator, sessions and links to other providers are removed, because somebody else might have added them.',
  afterLink: (provider: string) => `Afterwards you sign in through ${provider}.`,
  passwordByMail: 'You can choose a new password by e-mail (“Forgot your password?”).',
  linkTo: (provider: string) => `Link this account to ${provider}`,

  // OwnLinks
  at: 'at',
  linkedSince: 'linked',
  unlink: 'Unlink',
  unlinkNamed: (who: string) => `Unlink ${who}`,
  unlinkEnds: (organization: string) =>
    `You no longer sign in by it, and your sign-ins through it end in all browsers. If ${organization} requires a sign-in through a provider, you are out of it until you link again.`,
  unlinkMayReturn: 'A next sign-in there may link the account again, if its address is yours.',
  wasUnlinked: (who: string) => `${who} was unlinked.`,

  // NameSection
  yourNameWasChanged: 'Your name was changed.',
  name: 'Name',
  save: 'Save',
  nameMeans: 'The name that other people see, also in the audit log.',

  // NewRecoveryCodesDialog
  currentCodesStop: 'Your current codes stop working as soon as you create new ones.',
  createNewCodes: 'Create new codes',
  newRecoveryCodes: 'New recovery codes',

  // PasskeysSection
  since: 'since',
  remove: 'Remove',
  removeNamed: (name: string) => `Remove ${name}`,
  addPasskey: 'Add passkey',
  removePasskey: 'Remove passkey',
  passkeyStopsWorking: 'You can no longer sign in with it. Also remove it from the device.',
  thePasskeyWasRemoved: 'The passkey was removed.',
  passkeys: 'Passkeys',
  passkeysMean: 'Sign in with your fingerprint, your face or the PIN of your device instead of a password.',
  noPasskeysHere: 'Passkeys do not work here. They need a browser that supports them, and HTTPS or the gateway on localhost.',
  enterDeviceName: 'Enter a name that tells you which device it is.',
  passkeyNameMeans: 'The device or security key that stores the passkey.',
  myLaptop: 'My laptop',
  browserAsksForPasskey: 'Your browser first asks for a passkey that you already have, then for the new one.',
  yourPassword: 'Your password',
  whyPassword: 'This prevents someone else from adding a passkey in a browser that you left open.',
  useThePassword: 'Use the password',
  useAPasskeyThatYouHave: 'Use a passkey that you have',
  passkeyWasAdded: 'The passkey was added. You can sign in with it now.',

  // PasswordSection
  currentPassword: 'Current password',
  newPassword: 'New password',
  changePassword: 'Change password',
  passwordWasChanged: 'Your password was changed. Every other browser was signed out.',
  password: 'Password',
  passwordChangeMeans: 'Changing it signs you out of every other browser.',

  // PlacesSection
  platformRole: (platformRole: string) => `This gateway: ${platformRole}`,
  roleIn: (role: string) => `, ${role} in`,
  youAreDisabled: 'your access is disabled. Ask an owner or admin there to enable it again.',
  noRolesYet: 'None yet. Ask an owner of your organization for an invitation.',
  roles: 'Roles',
  rolesMean: 'Your role in each place. Owners, admins and platform admins assign roles.',

  // ProfilePage
  throughProvider: 'You signed in through an identity provider',
  throughProviderMeans:
    'To change your password, passkeys, second factor or links here, sign in with your own password or passkey. Your other organizations, if you have any, are shown only then. If you have neither, choose a password with “Forgot your password?” on the sign-in page.',
  profileAndSecurity: 'Profile and security',
  addressNotProvedMeans: (hasMail: boolean) =>
    `Only the organization that invited you accepts this account. ${hasMail ? 'To prove that the address is yours, sign out and choose a new password by e-mail (“Forgot your password?”). This removes passkeys and an authenticator that you set up before.' : 'Ask a platform admin to vouch for it.'}`,
  yourAddressIsNotProvedYet: 'Your address is not proved yet',

  // RecoveryCodes
  recoveryCodesMean:
    'Each code signs you in once if you do not have your authenticator. The codes are not shown again. Do not store them in the same place as your password.',
  recoveryCodes: 'Recovery codes',
  copied: 'Copied',
  copy: 'Copy',
  download: 'Download',
  storeYourRecoveryCodes: 'Store your recovery codes',
  iHaveStoredThem: 'I have stored them',

  // RemoveAuthenticatorDialog
  authenticatorOffMeans: 'After this, your password alone signs you in, and your recovery codes stop working. Passkeys are kept.',
  turnOff: 'Turn off',
  theAuthenticatorIsOff: 'The authenticator is off.',
  turnTheAuthenticatorOff: 'Turn the authenticator off',

  // SecondFactorSection
  authenticator: 'Authenticator',
  on: 'On',
  off: 'Off',
  authenticatorMeans: 'A code from an app on your phone. You enter it after your password.',
  setUp: 'Set up',
  recoveryCodesLeft: (count: number) => `${count} recovery ${count === 1 ? 'code is' : 'codes are'} left.`,
  createNewOnes: (left: string) => `${left} Create new ones before you need them.`,

  // SessionsSection
  everyOtherBrowserWasSignedOut: 'Every other browser was signed out.',
  theBrowserWasSignedOut: 'The browser was signed out.',
  thatDidNotWork: 'That did not work',
  signedInBrowsers: 'Signed-in browsers',
  browsersMean: 'If you do not recognize a browser, sign it out and change your password.',
  signOutAllOthers: 'Sign out all others',
  thisBrowser: 'This browser',
  addressSince: (ip: null | string) => `${ip ?? 'unknown address'} · since`,
  lastUsed: '· last used',
  signOut: 'Sign out',
  signOutNamed: (name: string) => `Sign out ${name}`,

  // browser-name
  unknownBrowser: 'Unknown browser',
  browserOnSystem: (browser: string, system: string) => `${browser} on ${system}`,
};
