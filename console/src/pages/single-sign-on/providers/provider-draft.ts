import type { IdentityProvider } from '../../../api/identity.ts';
import type { EditPart } from '../../../components/dialogs/edit-parts.ts';
import { namePart } from '../../../components/dialogs/edit-parts.ts';
import { roleWord } from '../../../components/fields/RoleSelect.tsx';
import { words } from '../words.ts';

/** An identity provider as its form shows it. The fields of the other protocol are there, and not sent. */
export interface ProviderDraft {
  readonly name: string;
  readonly protocol: IdentityProvider['protocol'];
  readonly issuer: string;
  readonly client_id: string;
  /** True for a draft: the provider gives the client ID for the redirect URI of the saved draft. */
  readonly mayLackClientId: boolean;
  /** Empty: the stored one stays. */
  readonly client_secret: string;
  readonly scopes: readonly string[];
  /** `absent`: the provider asks what it likes. */
  readonly prompt: (typeof PROMPTS)[number];
  /** `automatic`: the first of the two that the provider lists. */
  readonly client_authentication: (typeof CLIENT_AUTHENTICATIONS)[number];
  /** The origin of the facts of a SAML provider. */
  readonly source: 'url' | 'xml' | 'hand';
  readonly metadata_url: string;
  readonly metadata_xml: string;
  readonly entity_id: string;
  readonly sso_url: string;
  /** Certificates in PEM, one after the other. */
  readonly certificates: string;
  readonly name_id: 'persistent' | 'emailAddress' | 'unspecified';
  readonly email_attribute: string;
  readonly name_attribute: string;
  readonly creates_accounts: boolean;
  readonly default_role: IdentityProvider['default_role'];
  readonly groups_claim: string;
  readonly second_factor_values: readonly string[];
}

/** The choices of two facts of OpenID Connect. The first of each stands for a configuration without it. */
export const PROMPTS = ['absent', 'login', 'select_account', 'consent'] as const;
export const CLIENT_AUTHENTICATIONS = ['automatic', 'client_secret_basic', 'client_secret_post'] as const;

export const NEW_PROVIDER: ProviderDraft = {
  name: '',
  protocol: 'oidc',
  issuer: '',
  client_id: '',
  mayLackClientId: true,
  client_secret: '',
  scopes: ['openid', 'profile', 'email'],
  prompt: 'absent',
  client_authentication: 'automatic',
  source: 'url',
  metadata_url: '',
  metadata_xml: '',
  entity_id: '',
  sso_url: '',
  certificates: '',
  name_id: 'persistent',
  email_attribute: '',
  name_attribute: '',
  creates_accounts: false,
  default_role: 'org_member',
  groups_claim: '',
  second_factor_values: [],
};

export function draftOf(provider: IdentityProvider): ProviderDraft {
  const config = provider.next_config ?? provider.config;
  const text = (name: string) => (typeof config[name] === 'string' ? config[name] : '');
  const attributes = (config.attributes ?? {}) as { readonly email?: string; readonly name?: string };
  return {
    ...NEW_PROVIDER,
    name: provider.name,
    protocol: provider.protocol,
    issuer: text('issuer'),
    client_id: text('client_id'),
    mayLackClientId: provider.state === 'draft',
    scopes: textsIn(config.scopes) ?? NEW_PROVIDER.scopes,
    prompt: PROMPTS.find((one) => one === config.prompt) ?? 'absent',
    client_authentication: CLIENT_AUTHENTICATIONS.find((one) => one === config.client_authentication) ?? 'automatic',
    source: text('metadata_url') === '' ? 'hand' : 'url',
    metadata_url: text('metadata_url'),
    entity_id: text('entity_id'),
    sso_url: text('sso_url'),
    certificates: (textsIn(config.certificates) ?? []).join('\n'),
    name_id: (text('name_id') || 'persistent') as ProviderDraft['name_id'],
    email_attribute: attributes.email ?? '',
    name_attribute: attributes.name ?? '',
    creates_accounts: provider.creates_accounts,
    default_role: provider.default_role,
    groups_claim: provider.groups_claim ?? '',
    second_factor_values: provider.second_factor_values,
  };
}

function textsIn(value: unknown): readonly string[] | null {
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : null;
}

/** Returns the facts of the draft's protocol, as the API takes them. */
export function configOf(draft: ProviderDraft): Record<string, unknown> {
  if (draft.protocol === 'oidc') return oidcConfigOf(draft);
  const orNull = (text: string) => (text.trim() === '' ? null : text.trim());
  return {
    ...factsOfSource(draft),
    name_id: draft.name_id,
    attributes: { email: orNull(draft.email_attribute), name: orNull(draft.name_attribute) },
  };
}

function oidcConfigOf({ issuer, client_id, scopes, prompt, client_authentication }: ProviderDraft): Record<string, unknown> {
  const clientId = client_id.trim();
  return {
    issuer: issuer.trim(),
    ...(clientId === '' ? {} : { client_id: clientId }),
    scopes: [...scopes],
    ...(prompt === 'absent' ? {} : { prompt }),
    ...(client_authentication === 'automatic' ? {} : { client_authentication }),
  };
}

function factsOfSource({ source, metadata_url, metadata_xml, entity_id, sso_url, certificates }: ProviderDraft) {
  switch (source) {
    case 'url':
      return { metadata_url: metadata_url.trim() };
    case 'xml':
      return { metadata_xml };
    case 'hand':
      return { entity_id: entity_id.trim(), sso_url: sso_url.trim(), certificates: certificatesIn(certificates) };
  }
}

/** Splits a text into certificates. A text without a PEM frame is one; no text is none. */
function certificatesIn(text: string): readonly string[] {
  const framed = text.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g);
  return framed ?? (text.trim() === '' ? [] : [text.trim()]);
}

export function commonBody(draft: ProviderDraft) {
  return {
    creates_accounts: draft.creates_accounts,
    default_role: draft.default_role,
    groups_claim: draft.groups_claim.trim() === '' ? null : draft.groups_claim.trim(),
    second_factor_values: [...draft.second_factor_values],
  };
}

type Field = keyof ProviderDraft & string;

/** Returns the part for one fact of the configuration, which the API takes as a whole. */
function factPart(name: Field, label: string, inWords?: (draft: ProviderDraft) => string): EditPart<ProviderDraft> {
  return {
    name,
    label,
    body: (draft) => ({ config: configOf(draft) }),
    known: ({ [name]: value }) => (typeof value === 'string' ? value.trim() : value),
    words: inWords ?? (({ [name]: value }) => String(value) || words.none),
  };
}

/** The parts of a provider that a change sends. The secret has no value that can be read. */
export const PARTS: readonly EditPart<ProviderDraft>[] = [
  namePart(),
  factPart('issuer', words.issuer),
  factPart('client_id', words.clientId),
  factPart('scopes', words.scopes, ({ scopes }) => scopes.join(', ')),
  factPart('prompt', words.prompt, ({ prompt }) => words.promptOf[prompt]),
  factPart('client_authentication', words.clientAuthentication, (draft) => words.sentBy[draft.client_authentication]),
  factPart('source', words.metadataOfProvider, ({ source }) => words.metadataFrom[source]),
  factPart('metadata_url', words.metadataUrl),
  factPart('metadata_xml', words.metadataXml),
  factPart('entity_id', words.entityIdOfProvider),
  factPart('sso_url', words.ssoUrl),
  factPart('certificates', words.certificates),
  factPart('name_id', words.nameId, ({ name_id }) => words.nameIdOf[name_id]),
  factPart('email_attribute', words.emailAttribute),
  factPart('name_attribute', words.nameAttribute),
  {
    name: 'client_secret',
    label: words.clientSecret,
    body: ({ client_secret }) => ({ client_secret }),
    known: ({ client_secret }) => client_secret,
    words: ({ client_secret }) => (client_secret === '' ? words.unchanged : words.aNewSecret),
  },
  {
    name: 'creates_accounts',
    label: words.newAccounts,
    words: ({ creates_accounts: creates }) => (creates ? words.yes : words.no),
  },
  { name: 'default_role', label: words.defaultRole, words: ({ default_role }) => roleWord(default_role) },
  {
    name: 'groups_claim',
    label: words.groupsClaim,
    body: (draft) => ({ groups_claim: commonBody(draft).groups_claim }),
    words: ({ groups_claim }) => groups_claim || words.none,
  },
  {
    name: 'second_factor_values',
    label: words.secondFactorValues,
    words: ({ second_factor_values: values }) => (values.length === 0 ? words.none : values.join(', ')),
  },
];

type Rules = { readonly [Field in keyof ProviderDraft]?: (value: ProviderDraft[Field], draft: ProviderDraft) => string | null };

/** Returns a rule for a field that must not be empty where it is shown. */
function needed(isShown: (draft: ProviderDraft) => boolean, message: string) {
  return (value: string, draft: ProviderDraft) => (isShown(draft) && value.trim() === '' ? message : null);
}

const isOidc = ({ protocol }: ProviderDraft) => protocol === 'oidc';
const isFrom = (wanted: ProviderDraft['source']) => (draft: ProviderDraft) => !isOidc(draft) && draft.source === wanted;

export const RULES: Rules = {
  name: (name) => (name.trim() === '' ? words.enterAName : null),
  issuer: needed(isOidc, words.enterIssuer),
  client_id: needed((draft) => isOidc(draft) && !draft.mayLackClientId, words.enterClientId),
  metadata_url: needed(isFrom('url'), words.enterMetadataUrl),
  metadata_xml: needed(isFrom('xml'), words.enterMetadataXml),
  entity_id: needed(isFrom('hand'), words.enterEntityId),
  sso_url: needed(isFrom('hand'), words.enterSsoUrl),
  certificates: needed(isFrom('hand'), words.enterCertificate),
};

/** The fields of the form that show the server's messages about the configuration. */
export const FIELD_OF: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    [
      ...['issuer', 'client_id', 'scopes', 'prompt', 'client_authentication'],
      ...['metadata_url', 'metadata_xml', 'entity_id', 'sso_url', 'certificates', 'name_id'],
    ].map((name) => [`/config/${name}`, `/${name}`]),
  ),
  ...Object.fromEntries([0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map((at) => [`/config/certificates/${at}`, '/certificates'])),
  '/config/attributes/email': '/email_attribute',
  '/config/attributes/name': '/name_attribute',
};
