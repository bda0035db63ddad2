import { countText } from '../../numbers/numbers.ts';

/** Every text about the models that a key can call, by the file that shows it. */
export const words = {
  // CallableModelsPage
  serves: 'Serves',
  type: 'Type',
  callableModels: 'Callable models',
  whatIsListed: 'The models and route groups that a key can call, with their prices. Choose one to get code that calls it.',
  key: 'Key',
  searchByName: 'Search by name',
  keyCanCallNothing: 'This key cannot call anything yet',
  nothingInCommon:
    'The organization, the team and the key itself have no model in common. Ask an admin to change the asset access of one of them.',
  name: 'Name',
  modes: {
    chat: 'Chat',
    completion: 'Text completions',
    embedding: 'Embeddings',
    rerank: 'Rerank',
    moderation: 'Moderations',
    image: 'Images',
    speech: 'Speech',
    transcription: 'Transcriptions',
  },
  contextWindow: 'Context window',
  maximumOutput: 'Maximum output',
  input: 'Input',
  cachedInput: 'Cached input',
  output: 'Output',
  perMillion: (bucket: string) => `${bucket}, USD per million`,
  noPrice: 'No price',

  // ModelDrawer
  close: 'Close',
  cannotCallThis: 'This key cannot call a model or route group with this name.',
  theName: 'the name',
  routeGroup: 'Route group',
  model: 'Model',
  providers: 'Providers',
  endpoints: 'Endpoints that serve it:',
  ifItFails: 'If it fails',
  noFallback: 'No fallback',
  fallsBackTo: (names: readonly string[]) => `Falls back to ${names.join(', then ')}`,
  callIt: 'Call it',
  whereTheSecretIs:
    'Set HEADGATE_KEY to the secret of your key. Headgate shows a secret only once: rotate the key if you no longer have it.',
  setUpClient: 'Set up a client',
  prices: 'Prices',
  notKnown: 'Not known',
  tokens: (count: number) => `${countText(count)} tokens`,
  noPriceYet: 'No price is set yet. Requests under a blocking budget are refused. Other requests are not charged.',
  priceFor: 'Price for',
  usdPerMillionOrEach: 'USD per million tokens, or each',
  standardPrice: 'standard price',
  highestPrice: 'These are the highest prices of its deployments. ',
  someHaveNoPrice: 'Some of its deployments have no price.',

  // ClientSettings
  client: 'Client',
  settingMeans: 'The setting contains this gateway’s address and names that the key can call.',
  setting: (client: string, where: string) => `Setting of ${client}: ${where}`,
  theSetting: (where: string) => `the setting: ${where}`,
};
