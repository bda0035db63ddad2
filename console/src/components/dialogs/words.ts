import { exactMoneyText, plural } from '../../numbers/numbers.ts';

/** Every text of the dialogs that all pages use, by the file that shows it. */
export const words = {
  // ConfirmByName
  typeBeforeName: 'Type',
  toConfirmAfterName: 'to confirm',
  cancel: 'Cancel',

  // ConflictDialog
  otherFieldsChanged: 'The other person changed other fields. You can keep both changes.',
  sameFieldsChanged: 'You both changed these fields. Choose which version to keep. Nothing is saved yet.',
  yours: 'Yours',
  theirsAlreadySaved: 'Theirs (already saved)',
  alsoKept: (taken: string) => `Also kept from the other change: ${taken}.`,
  backToEditing: 'Back to editing',
  keepBothChanges: 'Keep both changes',
  useTheChosenVersions: 'Use the chosen versions',
  changedBySomeoneElse: (what: string) => `${what} was changed by someone else`,

  // EditDialog
  save: 'Save',
  saveAndApply: 'Save and apply',
  wasChanged: (what: string) => `${what} was changed.`,
  changedFields: (labels: string) => `Changed: ${labels}`,

  // EffectPreview
  computingEffect: 'Computing the effect of this change…',
  noEffect: 'No one loses access. No key is over a new limit.',
  effect: 'Effect',
  effectOfSaving: 'Effect of saving',
  canNoLongerBeCalled: 'can no longer be called',
  canNowBeCalled: 'can now be called',
  keysLoseAccess: (count: number) => `${plural(count, 'key loses', 'keys lose')} access:`,
  andMoreKeys: (count: string) => ` and ${count} more`,
  keysRefused: (count: number) => `${plural(count, 'key stops', 'keys stop')} working.`,
  personRefused: 'The person can no longer act here.',
  permissionsLost: (count: number) => `The person loses ${plural(count, 'permission', 'permissions')}:`,
  noLongerLimited: (limit: string, kind: string, value: string | number) =>
    `No longer limited: ${limit} ${kind === 'budget' ? `of ${exactMoneyText(String(value))}` : `at ${value}`}`,
  overNewLimit: 'Already over the new limit:',
  the: (scope: string) => `the ${scope}`,
  usedOfLimit: (used: string | number, value: string | number, limit: string) => `used ${used} of ${value} ${limit}`,
  teamBefore: 'The team',
  restrictedToNothing: (narrowedTo: string) => `is restricted to ${narrowedTo}. It could then call nothing.`,
  memberBefore: 'The member',
  requestsLast30Days: (count: number) =>
    count === 0
      ? 'No request was made with it in the last 30 days.'
      : `${plural(count, 'request was', 'requests were')} made with it in the last 30 days.`,
  moreOrganizations: (count: number) => `The same applies to ${plural(count, 'more organization', 'more organizations')}.`,
  moreTeams: (count: number) => `The same applies to ${plural(count, 'more team', 'more teams')}.`,
  moreMembers: (count: number) => `The same applies to ${plural(count, 'more member', 'more members')}.`,
  keysLose: (count: number) => plural(count, 'key loses', 'keys lose'),
  targets: (count: number) => plural(count, 'target', 'targets'),
  namesAndMore: (names: string, more: string) => `${names} and ${more} more`,
  computing: 'Computing',

  // EffectiveMinimum
  capApplies: (level: string, cap: string) => `The limit of the ${level} applies: ${cap}.`,
  effectiveBelow: (above: string) => `${above} · effective`,
  effective: '· effective',

  // FormDialog
  close: 'Close',
  oneFieldHasAnError: 'One field has an error.',
  fieldsHaveErrors: (count: number) => `${count} fields have errors.`,

  // FormSections
  sections: 'Sections',

  // KeySecret
  secret: 'Secret',
  storeSecretNow: 'Store it now: it is not shown again. Anyone who has it can use this key and spend its budget.',
  keyCannotCall:
    'This key cannot call anything yet: its organization, its team and the key itself have no model in common. Change the asset access of one of them.',
  readyToPaste: 'Ready to paste',

  // NewPasswordField
  password: 'Password',
  passwordRules: (least: number) =>
    `At least ${least} characters, and hard to guess. Several words that do not belong together are a good choice.`,
  showOrHideThePassword: 'Show or hide the password',

  // SecretDialog
  iHaveStoredIt: 'I have stored it',

  // Snippets
  theExample: (name: string) => `the ${name} example`,
  example: (name: string) => `${name} example`,

  // doneWithUndo
  undo: 'Undo',
  undone: 'Undone.',
  notUndone: 'Not undone',

  // edit-parts
  name: 'Name',
  rateLimits: 'Rate limits',
  modelLimits: 'Model limits',
  budgets: 'Budgets',
  assetAccess: 'Asset access',
  defaultTags: 'Default tags',
  requiredTags: 'Required tags',
  requireEndUser: 'Requests must have an end user',
  labelLimits: 'Limits by tag and end user',
  yes: 'Yes',
  no: 'No',

  // useEdited
  someoneElseSaved: 'Someone else saved in the meantime. Your changes are still here. Review them and save again.',

  // useUnsavedGuard
  discardUnsavedChanges: 'Discard unsaved changes?',
  changesNotSaved: 'Your changes are not saved yet.',
  discardChanges: 'Discard changes',
  keepEditing: 'Keep editing',

  // who-can
  askPeople: (reason: string, alternatives: string) => `${reason} Ask ${alternatives}.`,

  // CallList
  stepTitle: (number: number, purpose: string) => `${number}. ${purpose}`,
  purposes: { token: 'Get a token', call: 'Call the provider' },
  notEnded: 'no answer in time',
  showWhatWasSent: 'Show headers and answer',
  hideWhatWasSent: 'Hide headers and answer',
  headersSent: 'Headers that were sent',
  headersOfTheAnswer: 'Headers of the answer',
  bodyOfTheAnswer: 'Body of the answer',
  answerIsEmpty: 'The answer has no body.',
  answerNotShown: (bytes: string) => `The answer has ${bytes}. It holds a token or is no text, so it is not shown.`,
  bodyIsRedacted: (bytes: string) => `${bytes} bytes. At most 2,000 characters are shown, without secrets.`,
  httpStatus: (status: number) => `HTTP ${status}`,
  noAnswer: 'No answer',

  // CallsDialog
  callsOfTheTest: 'Calls of the test',
  callsMean: 'What the gateway sent, and what came back. Secrets, tokens and signatures are left out.',
};
