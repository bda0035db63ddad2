import type { Json } from '../api.ts';
import type { Flag, Given } from '../command.ts';
import { secretIn, textIn } from '../given-files.ts';
import { BadUsage } from '../outcome.ts';

/** The flags of a new identity provider, and the request body that they make. */

/** The flags of OpenID Connect. A change takes the same. */
export const OIDC_FLAGS: readonly Flag[] = [
  { name: 'issuer', value: 'address', about: 'OpenID Connect: the issuer, exactly as its discovery document names it' },
  { name: 'client-id', value: 'id', about: 'OpenID Connect: the client id of the application; a draft can be without' },
  { name: 'client-secret-file', value: 'file', about: 'OpenID Connect: holds the client secret; - is standard input' },
  { name: 'scopes', value: 'a,b', about: 'OpenID Connect: the scopes to ask for (default: openid,email,profile)' },
  { name: 'prompt', value: 'which', about: 'OpenID Connect: login, select_account or consent (default: the provider decides)' },
  {
    name: 'client-authentication',
    value: 'way',
    about: 'OpenID Connect: client_secret_basic or client_secret_post (default: the first of these that the provider takes)',
  },
];

/** The flags of SAML that a change takes too. */
export const SAML_FLAGS: readonly Flag[] = [
  { name: 'metadata-url', value: 'address', about: 'SAML: the address of the provider’s metadata, read again every day' },
  { name: 'metadata-file', value: 'file', about: 'SAML: the provider’s metadata; - is standard input' },
  {
    name: 'entity-id',
    value: 'id',
    about: 'SAML: the entity id of the provider; of several in one metadata, the one that counts',
  },
  { name: 'sso-url', value: 'address', about: 'SAML without metadata: the sign-in URL of the provider (HTTP-Redirect)' },
  { name: 'name-id', value: 'format', about: 'SAML: persistent, emailAddress or unspecified (default: persistent)' },
  { name: 'email-attribute', value: 'name', about: 'SAML: the attribute of the e-mail address (default: the usual ones)' },
  { name: 'name-attribute', value: 'name', about: 'SAML: the attribute of the person’s name (default: the usual ones)' },
];

const CERTIFICATES_FILE: Flag = {
  name: 'certificates-file',
  value: 'file',
  about: 'SAML without metadata: the certificates by which the provider signs, in PEM; - is standard input',
};
const NEW_SAML_FLAGS: readonly Flag[] = [...SAML_FLAGS, CERTIFICATES_FILE];

/** The flags of both protocols whose value is the same in a change. */
export const ROLE_FLAGS: readonly Flag[] = [
  { name: 'default-role', value: 'role', about: 'the role of people whose groups give none (default: org_member)' },
  { name: 'groups-claim', value: 'name', about: 'the claim or attribute that lists groups (default: none is read)' },
  { name: 'second-factor-values', value: 'a,b', about: 'values of amr, acr or AuthnContextClassRef that show a second factor' },
];

export const PROVIDER_FLAGS: readonly Flag[] = [
  { name: 'name', value: 'name', about: 'the name that people choose it by (required)' },
  ...OIDC_FLAGS,
  ...NEW_SAML_FLAGS,
  { name: 'creates-accounts', value: null, about: 'make accounts for people of verified domains who have none' },
  ...ROLE_FLAGS,
];

export const PROVIDER_NOTES = [
  'OpenID Connect needs --issuer. Leave --client-id out if the provider gives it only for the redirect URI of the draft.',
  'SAML needs --metadata-url or --metadata-file, or --entity-id, --sso-url and --certificates-file.',
  'A client secret is no flag, because other users of a machine can read its command lines.',
];

/** Returns the request body of a new identity provider. Throws BadUsage if the flags do not say one protocol. */
export function providerBody(given: Given): object {
  const name = given.required('name');
  return {
    name,
    ...connection(given),
    ...(given.has('creates-accounts') ? { creates_accounts: true } : {}),
    default_role: given.flag('default-role'),
    groups_claim: given.flag('groups-claim'),
    second_factor_values: given.list('second-factor-values'),
  };
}

/** Returns the name of the first of these flags that was given. */
export function firstOf(given: Given, flags: readonly Flag[]): string | undefined {
  return flags.find(({ name }) => given.has(name))?.name;
}

/** Returns the certificates of a text in PEM. A text without their frame is one, as in metadata. */
export function certificatesIn(text: string): readonly string[] {
  const framed = text.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g);
  return framed ?? (text.trim() === '' ? [] : [text.trim()]);
}

function connection(given: Given): object {
  const [oidc, saml] = [firstOf(given, OIDC_FLAGS), firstOf(given, NEW_SAML_FLAGS)];
  if (oidc !== undefined && saml !== undefined)
    throw new BadUsage(`--${oidc} is of OpenID Connect, and --${saml} of SAML. Use the flags of one of them.`);
  if (oidc !== undefined) return openIdConnect(given);
  if (saml !== undefined) return { protocol: 'saml', config: samlConfig(given) };
  throw new BadUsage('Name the provider: --issuer for OpenID Connect, --metadata-url or --metadata-file for SAML.');
}

function openIdConnect(given: Given): object {
  const config = {
    ...{ issuer: given.required('issuer'), client_id: given.flag('client-id'), scopes: given.list('scopes') },
    ...{ prompt: given.flag('prompt'), client_authentication: given.flag('client-authentication') },
  };
  return { protocol: 'oidc', config, client_secret: secretIn(given, 'client-secret-file') };
}

function samlConfig(given: Given): Json {
  const names = { email: given.flag('email-attribute'), name: given.flag('name-attribute') };
  return { ...samlSource(given), entity_id: given.flag('entity-id'), name_id: given.flag('name-id'), attributes: names };
}

function samlSource(given: Given): Json {
  const [url, xml] = [given.flag('metadata-url'), textIn(given, 'metadata-file')];
  if (url !== undefined && xml !== undefined) throw new BadUsage('SAML needs --metadata-url or --metadata-file, and not both.');
  const byHand = ['sso-url', CERTIFICATES_FILE.name].find((name) => given.has(name));
  if (url !== undefined || xml !== undefined) {
    if (byHand !== undefined) throw new BadUsage(`--${byHand} is for a provider without metadata. Its metadata says the same.`);
    return { metadata_url: url, metadata_xml: xml };
  }
  if (byHand === undefined || !given.has('entity-id'))
    throw new BadUsage(
      'SAML needs --metadata-url or --metadata-file, or without metadata --entity-id, --sso-url and --certificates-file.',
    );
  given.required(CERTIFICATES_FILE.name);
  return { sso_url: given.required('sso-url'), certificates: certificatesIn(textIn(given, CERTIFICATES_FILE.name) ?? '') };
}
