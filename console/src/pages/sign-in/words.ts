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
};
