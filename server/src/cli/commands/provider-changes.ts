import type { Json } from '../api.ts';
import type { Flag, Given } from '../command.ts';
import { clearable, yesOrNo } from '../given-changes.ts';
import { secretIn, textIn } from '../given-files.ts';
import { BadUsage } from '../outcome.ts';
import { firstOf, OIDC_FLAGS, ROLE_FLAGS, SAML_FLAGS } from './provider-body.ts';

/** The flags that change an identity provider, and the request body that they make. */

export const CHANGE_FLAGS: readonly Flag[] = [
  { name: 'name', value: 'name', about: 'the name that people choose it by' },
  ...OIDC_FLAGS,
  ...SAML_FLAGS,
  { name: 'creates-accounts', value: 'yes|no', about: 'make accounts for people of verified domains who have none' },
  ...ROLE_FLAGS,
  { name: 'position', value: 'n', about: 'the place in the list that people choose from: 0 to 1000' },
];

export const PROVIDER_CHANGE_NOTES = [
  'A new connection or client secret of an active provider waits for a test. Any other provider becomes a draft by it.',
  'With a flag of SAML, its metadata is read again, and every certificate in it is trusted from then on.',
  'Without a client secret (--client-secret-file=) the client is public.',
];

/**
 * Returns the request body of a change. The API takes a configuration as a whole, so what was not named is taken from the one that
 * waits, or from the present one. Throws BadUsage for a flag of the other protocol.
 */
export function changesOf(given: Given, provider: Json, keys: readonly Json[]): Json {
  const isSaml = provider.protocol === 'saml';
  const wrong = firstOf(given, isSaml ? OIDC_FLAGS : SAML_FLAGS);
  if (wrong !== undefined)
    throw new BadUsage(
      `--${wrong} is of ${isSaml ? 'OpenID Connect' : 'SAML'}, and ${provider.name} speaks ${isSaml ? 'SAML' : 'OpenID Connect'}.`,
    );
  return {
    name: given.flag('name'),
    config: isSaml ? samlConfig(given, provider, keys) : oidcConfig(given, provider),
    client_secret: given.flag('client-secret-file') === '' ? null : secretIn(given, 'client-secret-file'),
    creates_accounts: yesOrNo(given, 'creates-accounts'),
    default_role: given.flag('default-role'),
    groups_claim: clearable(given, 'groups-claim'),
    second_factor_values: given.list('second-factor-values'),
    position: given.whole('position'),
  };
}

/** Returns the configuration that a change builds on: the one that waits for a test, otherwise the present one. */
export function latestConfig(provider: Json): Json {
  return (provider.next_config ?? provider.config) as Json;
}

/**
 * Returns the certificates of a configuration without those that somebody removed since it was saved: a certificate that is saved
 * again is trusted again.
 */
export function keptCertificates(config: Json, keys: readonly Json[]): readonly string[] {
  const removed = new Set(keys.filter(({ state }) => state === 'gone').map(({ value }) => value));
  return (config.certificates as readonly string[]).filter((certificate) => !removed.has(certificate));
}

const OIDC_CONFIG_FLAGS = OIDC_FLAGS.filter(({ name }) => name !== 'client-secret-file');

function oidcConfig(given: Given, provider: Json): Json | undefined {
  if (firstOf(given, OIDC_CONFIG_FLAGS) === undefined) return undefined;
  const scopes = given.list('scopes');
  const changes: Json = {
    ...{ issuer: clearable(given, 'issuer'), client_id: clearable(given, 'client-id') },
    scopes: scopes?.length === 0 ? null : scopes,
    ...{ prompt: clearable(given, 'prompt'), client_authentication: clearable(given, 'client-authentication') },
  };
  const named = Object.entries(changes).filter(([, value]) => value !== undefined);
  const config = { ...latestConfig(provider), ...Object.fromEntries(named) };
  // The API has no null for a list of scopes.
  return Object.fromEntries(Object.entries(config).filter(([, value]) => value !== null));
}

function samlConfig(given: Given, provider: Json, keys: readonly Json[]): Json | undefined {
  if (firstOf(given, SAML_FLAGS) === undefined) return undefined;
  const present = latestConfig(provider);
  const named = (name: string, stored: unknown) => (given.has(name) ? clearable(given, name) : stored);
  const attributes = present.attributes as Json;
  return {
    ...sourceOf(given, present, keys),
    name_id: named('name-id', present.name_id),
    attributes: {
      email: named('email-attribute', attributes.email),
      name: named('name-attribute', attributes.name),
    },
  };
}

/** Returns the facts about the provider: its metadata, or without metadata what it said before. */
function sourceOf(given: Given, present: Json, keys: readonly Json[]): Json {
  const [url, xml] = [clearable(given, 'metadata-url'), textIn(given, 'metadata-file')];
  if (url && xml !== undefined) throw new BadUsage('--metadata-url and --metadata-file cannot be combined.');
  const entityId = given.flag('entity-id');
  const metadata = xml !== undefined ? { metadata_xml: xml } : { metadata_url: url === undefined ? present.metadata_url : url };
  const isRead = xml !== undefined || metadata.metadata_url !== null;
  if (isRead && given.has('sso-url'))
    throw new BadUsage(
      '--sso-url is for a provider without metadata. Clear the address of the metadata with --metadata-url= first.',
    );
  // New metadata may be of another provider. The metadata of before is of this one.
  if (url || xml !== undefined) return { ...metadata, entity_id: entityId };
  const same = { ...metadata, entity_id: entityId ?? present.entity_id };
  if (isRead) return same;
  return { ...same, sso_url: given.flag('sso-url') ?? present.sso_url, certificates: keptCertificates(present, keys) };
}
