/** Every text of the pages before and during sign-in, by the file that shows it. */
export const words = {
  // FirstAdminPage
  firstAdminCommand: 'headgate first-admin-link',
  eMail: 'E-mail',
  createTheAccount: 'Create the account',
  welcomeToHeadgate: 'Welcome to Headgate',
  firstAdminIs:
    'Create the first account of this gateway. It is a platform admin: it creates organizations, sets their limits and connects providers.',
  firstAdminLinkExpired:
    'The link for the first admin works once, within 24 hours, and only while there is no platform admin. Print a new one on the machine on which the gateway runs:',
  signInInstead: 'Sign in instead',
  thisLinkNoLongerWorks: 'This link no longer works',

  // InvitationPage
  thisGateway: 'this gateway',
  join: (place: string) => `Join ${place}`,
  invites: (inviter: string) => `${inviter} invites`,
  asRoleUntil: (role: string) => `as ${role}. Valid until`,
  acceptTheInvitation: 'Accept the invitation',
  alreadyHaveAnAccount: 'Already have an account?',
  signInAs: (email: string) => `Sign in as ${email}`,
  signedInAs: 'You are signed in as',
  invitationIsFor: ', and this invitation is for',
  onlyThatPerson: '. Only that person can accept it.',
  staySignedIn: 'Stay signed in',
  signOut: 'Sign out',
  askForNewInvitation: 'Ask the person who invited you to send a new one. If you have already accepted it, sign in.',
  signIn: 'Sign in',
  thisInvitationCannotBeUsed: 'This invitation cannot be used',

  // NewAccountFields
  yourName: 'Your name',

  // NewAccountForm
  createTheAccountAndJoin: 'Create the account and join',

  // PasswordStep
  password: 'Password',
  showOrHideThePassword: 'Show or hide the password',
  forgotYourPassword: 'Forgot your password?',
  or: 'or',
  signInWithAPasskey: 'Sign in with a passkey',

  // ProveForm
  mailProvesAddress:
    'This e-mail proves that the address is yours. Choose a new password. Passkeys, authenticators and sessions that already exist stop working, in case someone else created them.',
  setThePasswordAndJoin: 'Set the password and join',

  // ResetPasswordPage
  linkSentIfAccount: (email: string) =>
    `If ${email} has an account here, we sent it a link to choose a new password. The link works once, within an hour.`,
  noMailServer: 'No e-mail? A gateway without a mail server cannot send one. Ask a platform admin.',
  checkYourEMail: 'Check your e-mail',
  sendTheLink: 'Send the link',
  resetYourPassword: 'Reset your password',
  resetLinkIsSent: 'We send a link to your address. With it, you choose a new password.',
  changeThePassword: 'Change the password',
  chooseANewPassword: 'Choose a new password',
  everyBrowserSignedOut: 'This signs you out of every browser.',
  backToSignIn: 'Back to sign-in',

  // SecondFactorStep
  codeFromYourAuthenticator: 'Code from your authenticator',
  recoveryCode: 'Recovery code',
  sixDigits: 'The six digits that the app shows now.',
  worksOnce: 'Each recovery code works once.',
  continue: 'Continue',
  useARecoveryCode: 'Use a recovery code',
  useTheAuthenticator: 'Use the authenticator',
  backToThePassword: 'Back to the password',

  // SignedOut
  youAreSignedOut: 'You are signed out of Headgate',
  maybeStillSignedIn: (provider: string) => `You may still be signed in at ${provider}.`,
  signOutThereToo: (provider: string) => `Sign out at ${provider} too`,

  // SignInFrame
  pageTitle: (title: string) => `${title} · Headgate`,

  // SignInPage
  secondFactor: 'Second factor',
  oneMoreStep: 'Your password is correct. Now enter the second factor.',
  passwordWasChanged: 'Your password was changed. Sign in with the new one.',

  // SignInProblem
  thatDidNotWorkTryAgain: 'That did not work. Try again.',
  tryAgainIn: (left: number) => ` You can try again in ${left} s.`,
  tryAgainNow: ' You can try again now.',

  // ProviderButtons, SsoProblem, PasswordStep with providers
  signInThrough: (provider: string) => `Sign in through ${provider}`,
  firstTimeRemoves:
    'The first time proves that your address is yours. If nobody had proved it before, your password and passkeys here are removed.',
  ofOrganization: (organization: string) => `${organization} signs in through its own identity provider.`,
  requiredBy: (organization: string) => `${organization} opens only through its identity provider.`,
  usePassword: 'Use a password instead',
  forYourAdmin: 'For your administrator:',
  continueToConsole: 'Continue to the console',

  unknown: {
    why: 'The sign-in through your identity provider did not work.',
    next: 'Try again. If it fails again, tell an owner of your organization.',
  },
  codes: {
    provider_off: {
      why: 'This identity provider is switched off.',
      next: 'Sign in in another way, or ask an owner of your organization to activate it.',
    },
    provider_unreachable: {
      why: 'Your identity provider cannot be reached.',
      next: 'Wait a few minutes and try again. If you are already signed in elsewhere, you can go on working there.',
    },
    provider_refused: {
      why: 'The sign-in was ended at your identity provider.',
      next: 'You cancelled it, or the provider does not let you use this application. Try again, or ask the people who manage the provider.',
    },
    answer_refused: {
      why: 'The answer of your identity provider was not accepted.',
      next: 'It failed a check. Try again. If it fails again, an owner of your organization can test the connection to see which check.',
    },
    flow_unknown: {
      why: 'This sign-in was not started in this browser.',
      next: 'It was started elsewhere or was used before. Start again here, in one tab.',
    },
    flow_expired: { why: 'This sign-in took too long.', next: 'Start again, and finish within ten minutes.' },
    no_email: {
      why: 'Your identity provider did not say your e-mail address.',
      next: 'Ask an owner of your organization to have the provider send it.',
    },
    email_unverified: {
      why: 'Your identity provider says that your e-mail address is not verified.',
      next: 'Verify it there, then try again.',
    },
    domain_not_verified: {
      why: 'Your e-mail address is not of a domain of this organization.',
      next: 'Sign in with your company address, or ask an owner of the organization to verify its domain.',
    },
    no_account: {
      why: 'You have no account here yet.',
      next: 'Ask an owner or admin of your organization to invite you.',
    },
    account_disabled: { why: 'Your account is disabled.', next: 'Ask a platform admin to enable it again.' },
    membership_disabled: {
      why: 'Your access to this organization is disabled.',
      next: 'Ask an owner or admin of the organization to enable it again.',
    },
    membership_ended: {
      why: 'You are no longer a member of this organization.',
      next: 'Ask an owner or admin of the organization to add you again.',
    },
    signed_in_first: {
      why: 'An account with your address exists already.',
      next: 'Sign in below once in your own way, with your password or passkey. Then link the account to your identity provider. This prevents others from taking the account over.',
    },
    linked_elsewhere: {
      why: 'This person at the identity provider is linked to another account.',
      next: 'Sign in with the other account, or ask an owner of the organization to remove that link.',
    },
    linked_other_address: {
      why: 'At the identity provider you signed in as somebody else. Nothing was linked.',
      next: 'The address that it named is not the one that you entered. Sign out there, or use a private window, and try again. If you have another address there, enter it when you link.',
    },
    too_many_attempts: { why: 'There were too many attempts.', next: 'Wait a few minutes, then try again.' },
    linked: { why: 'Your account is linked.', next: 'You can sign in through your identity provider from now on.' },
    tested: { why: 'The test has ended.', next: 'Its result is on the page from which you started it.' },
  },
};
