import { plural } from '../../numbers/numbers.ts';

/** Every text about presets, by the file that shows it. */
export const words = {
  // PresetsPage
  presets: 'Presets',
  presetsMean:
    'Vendors that speak a known API: an address, and what differs. Credentials and deployments name a preset as their provider. Presets of this version never change, and you can add your own.',
  addPreset: 'Add preset',
  searchByNameOrId: 'Search by name or id',
  noPresetsFound: 'No preset is found',
  noPresetsHint: 'Search for another name, or add a preset.',
  preset: 'Preset',
  address: 'Address',
  serves: 'Serves',
  origin: 'Origin',
  shipped: 'This version',
  added: 'Added here',
  proven: 'Proven by a recording',
  notProven: 'Not proven',
  notProvenMeans: 'No recorded answer of this vendor shows that it works. Test a credential and a deployment before you use it.',
  unreadable: 'Of a later version',
  unreadableMeans: 'A later version of the gateway wrote this preset. Its deployments are out of service here.',
  usedBy: 'Used by',
  nothing: 'nothing',
  countCredentials: (count: number) => plural(count, 'credential', 'credentials'),
  actionsFor: (name: string) => `Actions for ${name}`,
  edit: 'Edit',
  delete: 'Delete',
  deletePreset: 'Delete preset',
  nothingUsesIt: 'Nothing of the platform uses it.',
  ownUseIt: (count: number) =>
    `${plural(count, 'credential', 'credentials')} of organizations use it. Their deployments will be out of service.`,
  isInUse: (credentials: number, deployments: number) =>
    `${plural(credentials, 'credential', 'credentials')} and ${plural(deployments, 'deployment', 'deployments')} use it. Delete them first.`,
  wasDeleted: (name: string) => `${name} was deleted.`,

  // PresetDialog
  wasAdded: (name: string) => `${name} was added.`,

  // EditPresetDialog
  editNamed: (name: string) => `Edit ${name}`,
  thisPreset: 'This preset',
  none: 'none',

  // PresetFields
  id: 'Id',
  idMeans: 'The provider’s name in credentials, deployments and usage. It never changes.',
  idExample: 'acme-llm',
  name: 'Name',
  nameExample: 'Acme',
  baseUrl: 'Base URL',
  baseUrlMeans: 'Its https:// address. While a credential uses the preset, only the path can change.',
  baseUrlExample: 'https://llm.acme.example/v1',
  auth: 'Key',
  authMeans: 'bearer, none, or the name of a header such as x-api-key.',
  wires: 'Paths',
  wiresMean: 'The paths below the base URL. Leave empty what the vendor does not serve.',
  wireName: {
    'openai-chat': 'Chat completions',
    'openai-completions': 'Text completions',
    'openai-responses': 'Responses',
    'openai-embeddings': 'Embeddings',
    'anthropic-messages': 'Anthropic messages',
    'anthropic-count-tokens': 'Anthropic token counts',
  } as Readonly<Record<string, string>>,
  drop: 'Leave out fields',
  dropMeans: 'Fields of chat requests that the vendor refuses. Callers are told of each.',
  rename: 'Rename fields',
  renameMeans: 'As JSON: {"seed": "random_seed"}',
  values: 'Replace words',
  valuesMean: 'As JSON: {"tool_choice": {"required": "any"}}',
  usageAt: 'Places of the usage',
  usageAtMeans: 'The first that an answer has counts.',
  thinking: 'Earlier thinking',
  thinkingMeans: 'The place in which the vendor takes it back.',
  byModel: 'as the model’s name says',
  limitFamily: 'Rate-limit headers',
  limitSpan: 'Requests are limited by',
  limitSpanName: { minute: 'minute', day: 'day' },
  prices: 'Price list',
  pricesMean: 'The vendor’s name in the published list. Leave empty to set prices by hand.',
  isNeeded: 'This is needed.',
  isNoObject: 'Enter a JSON object.',

  // provider-options
  providers: 'Providers',
  optionNotProven: (name: string) => `${name} · not proven by a recording`,
};
