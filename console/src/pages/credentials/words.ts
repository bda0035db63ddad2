import { durationText, plural } from '../../numbers/numbers.ts';

/** Every text about credentials, by the file that shows it. */
export const words = {
  // CredentialDialog
  addCredential: 'Add credential',
  enterAName: 'Enter a name.',
  enterApiKey: 'Enter the provider’s API key.',
  wasAdded: (name: string) => `${name} was added.`,

  // CredentialFields
  provider: 'Provider',
  openaiOrCompatible: 'OpenAI, or compatible',
  anthropicOrCompatible: 'Anthropic, or compatible',
  geminiOrCompatible: 'Gemini, or compatible',
  name: 'Name',
  nameExample: 'openai-main',
  apiKey: 'API key',
  newApiKey: 'New API key',
  keyIsEncrypted: 'Encrypted at rest and never shown again.',
  newKeyMeans:
    'Leave empty to keep the stored key. The stored key is only sent to the host that it was entered for. A new key replaces it at once.',
  showOrHideTheApiKey: 'Show or hide the API key',
  baseUrl: 'Base URL',
  openaiBaseUrl: 'Leave empty for OpenAI itself. For another server, enter its https:// address with /v1.',
  anthropicBaseUrl: 'Leave empty for Anthropic itself. For another server, enter its https:// address without /v1.',
  geminiBaseUrl: 'Leave empty for Google itself. For another server, enter its https:// address with /v1beta.',
  test: 'Test',
  keyEndsOn: 'Key expires on',
  keyEndsOnMeans:
    'Only if the provider ends the key on a day. Alert rules warn you before that day. Leave empty if it does not expire.',

  // CredentialsPage
  countDeployments: (count: number) => plural(count, 'deployment', 'deployments'),
  searchByNameOrId: 'Search by name or id',
  addApiKeyHint:
    'Add the API key of a provider. You can test it with a live call before you save it. The fake provider needs none.',
  noCredentialsYet: 'No credentials yet',
  credentials: 'Credentials',
  credentialsMean:
    'The API keys that the gateway uses at providers. They are encrypted at rest, never shown again and never sent to callers.',
  credential: 'Credential',
  secretKept: 'secret kept',
  address: 'Address',
  theProvidersOwn: 'the provider’s own',
  notEncrypted: 'Not encrypted',
  notEncryptedMeans: 'The key and all requests cross the network unencrypted. Use an https:// address.',
  usedBy: 'Used by',
  nothing: 'nothing',
  lastCheck: 'Last check',
  changed: 'Changed',
  notYet: 'not run yet',
  accepted: 'Accepted',
  refused: 'Refused',
  noAnswer: 'No answer',
  actionsFor: (name: string) => `Actions for ${name}`,
  testWithFreeCall: 'Test with a free call',
  acceptedIn: (ms: number) => `Accepted by the provider (${durationText(ms)})`,
  editOrRotate: 'Edit or rotate',
  delete: 'Delete',
  deleteCredential: 'Delete credential',
  secretDestroyed: 'Its secret is destroyed. No deployment uses it.',
  deploymentsUseIt: (count: number) =>
    `${plural(count, 'deployment uses', 'deployments use')} it. Give them another credential first.`,
  wasDeleted: (name: string) => `${name} was deleted.`,

  // EditCredentialDialog
  editNamed: (name: string) => `Edit ${name}`,
  thisCredential: 'This credential',
  newKeyUsedBy: (count: number) => `${plural(count, 'deployment uses', 'deployments use')} the new key as soon as you save.`,
  storedKeyEnding: (end: undefined | string) => `the stored key, …${end}`,
  theKeyTypedHere: 'the key typed here',
  storedKey: (end: undefined | string) => `stored ${end}`,
  typedKey: (key: string) => `typed ${key}`,
  providersOwnAddress: 'the provider’s own address',
  keyEndsOn2: 'Key expires on',
  noEnd: 'never',
};
