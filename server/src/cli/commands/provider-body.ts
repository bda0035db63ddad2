import type { Flag, Given } from '../command.ts';
import { secretIn, textIn } from '../given-files.ts';
import { BadUsage } from '../outcome.ts';

/** The flags of a new identity provider, and the request body that they make. */

const OIDC_FLAGS: readonly string[] = ['issuer', 'client-id', 'client-secret-file', 'scopes'];
const SAML_FLAGS: readonly string[] = ['metadata-url', 'metadata-file', 'name-id'];

export const PROVIDER_FLAGS: readonly Flag[] = [
  { name: 'name', value: 'name', about: 'the name that people choose it by (required)' },
  { name: 'issuer', value: 'address', about: 'OpenID Connect: the issuer, exactly as its discovery document names it' },
  { name: 'client-id', value: 'id', about: 'OpenID Connect: the client id of the application at the provider' },
  { name: 'client-secret-file', value: 'file', about: 'OpenID Connect: holds the client secret; - is standard input' },
  { name: 'scopes', value: 'a,b', about: 'OpenID Connect: the scopes to ask for (default: openid,email,profile)' },
  { name: 'metadata-url', value: 'address', about: 'SAML: the address of the provider’s metadata, read again every day' },
  { name: 'metadata-file', value: 'file', about: 'SAML: the provider’s metadata; - is standard input' },
  { name: 'name-id', value: 'format', about: 'SAML: persistent, emailAddress or unspecified (default: persistent)' },
  { name: 'creates-accounts', value: null, about: 'make accounts for people of verified domains who have none' },
  { name: 'default-role', value: 'role', about: 'the role of people whose groups give none (default: org_member)' },
  { name: 'groups-claim', value: 'name', about: 'the claim or attribute that lists groups (default: none is read)' },
  { name: 'second-factor-values', value: 'a,b', about: 'values of amr, acr or AuthnContextClassRef that show a second factor' },
];

export const PROVIDER_NOTES = [
  'OpenID Connect needs --issuer and --client-id. SAML needs --metadata-url or --metadata-file.',
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

function connection(given: Given): object {
  const [oidc, saml] = [OIDC_FLAGS, SAML_FLAGS].map((flags) => flags.find((flag) => given.has(flag)));
  if (oidc !== undefined && saml !== undefined)
    throw new BadUsage(`--${oidc} is of OpenID Connect, and --${saml} of SAML. Use the flags of one of them.`);
  if (oidc !== undefined) return openIdConnect(given);
  if (saml !== undefined) return samlProvider(given);
  throw new BadUsage(
    'Name the provider: --issuer and --client-id for OpenID Connect, --metadata-url or --metadata-file for SAML.',
  );
}

function openIdConnect(given: Given): object {
  const config = { issuer: given.required('issuer'), client_id: given.required('client-id'), scopes: given.list('scopes') };
  return { protocol: 'oidc', config, client_secret: secretIn(given, 'client-secret-file') };
}

function samlProvider(given: Given): object {
  const [url, xml] = [given.flag('metadata-url'), textIn(given, 'metadata-file')];
  if ((url === undefined) === (xml === undefined))
    throw new BadUsage('SAML needs --metadata-url or --metadata-file, and not both.');
  return { protocol: 'saml', config: { metadata_url: url, metadata_xml: xml, name_id: given.flag('name-id') } };
}
