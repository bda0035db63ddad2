import type { Json } from '../api.ts';
import type { Command, Given, Session } from '../command.ts';
import { CHANGE_NOTE, requireAny } from '../given-changes.ts';
import { textIn } from '../given-files.ts';
import { BadUsage, CommandFailed } from '../outcome.ts';
import { type Column, printNext, printRows } from '../print.ts';
import { printProvider, printWhatIsLeft, providerPath } from './identity-providers.ts';
import { certificatesIn } from './provider-body.ts';
import { CHANGE_FLAGS, changesOf, keptCertificates, latestConfig, PROVIDER_CHANGE_NOTES } from './provider-changes.ts';

/** Changes of an identity provider: its fields, the keys by which it signs, and our key at a SAML provider. */

const OPERANDS = ['organization', 'provider'] as const;

const change: Command = {
  words: ['identity-providers', 'change'],
  summary: 'change an identity provider, and say what must be tested again',
  operands: OPERANDS,
  flags: CHANGE_FLAGS,
  notes: [CHANGE_NOTE, ...PROVIDER_CHANGE_NOTES],
  run: async (given, session) => {
    requireAny(given, CHANGE_FLAGS, 'identity-providers change');
    const present = await presentOf(given, session);
    await save(given, session, present, changesOf(given, present.provider, present.keys));
  },
};

const KEYS: readonly Column[] = [
  ['id', (row) => row.id],
  ['state', (row) => row.state],
  ['expires', (row) => row.not_after],
  ['last seen', (row) => row.seen_at],
];

const listKeys: Command = {
  words: ['identity-providers', 'keys', 'list'],
  summary: 'list the keys or certificates by which an identity provider signs, and which wait for somebody to accept them',
  operands: OPERANDS,
  run: async (given, session) => {
    // There are at most a hundred, so the API has no pages of them.
    const answer = await session.api.get(`${await providerPath(given, session)}/keys`);
    printRows(session, answer, answer.data as readonly Json[], KEYS);
  },
};

const addKeys: Command = {
  words: ['identity-providers', 'keys', 'add'],
  summary: 'trust another certificate of a SAML provider without metadata; those of before stay',
  operands: OPERANDS,
  flags: [{ name: 'file', value: 'file', about: 'one or more certificates in PEM; - is standard input (required)' }],
  notes: ['It counts at once. The certificates of a provider with an address of metadata are read from there.'],
  run: async (given, session) => {
    given.required('file');
    const added = certificatesIn(textIn(given, 'file') ?? '');
    if (added.length === 0) throw new BadUsage('--file has no certificate.');
    const present = await presentOf(given, session);
    const { provider, keys } = present;
    const config = latestConfig(provider);
    if (provider.protocol !== 'saml')
      throw new CommandFailed(`${provider.name} speaks OpenID Connect. Its keys are read from the provider itself.`);
    if (config.metadata_url !== null)
      throw new CommandFailed(
        `The certificates of ${provider.name} are read from ${config.metadata_url}. Accept one that waits with identity-providers keys accept.`,
      );
    const certificates = [...keptCertificates(config, keys), ...added];
    await save(given, session, present, { config: { ...config, certificates } });
  },
};

const KEY_NOTE =
  'The key is an id of identity-providers keys list: a kid, or the SHA-256 fingerprint of a certificate, also with colons.';

const setKey = (word: 'accept' | 'remove', state: 'trusted' | 'gone', summary: string): Command => ({
  words: ['identity-providers', 'keys', word],
  summary,
  operands: [...OPERANDS, 'key'],
  notes: [KEY_NOTE],
  run: async (given, session) => {
    const body = { keys: [{ id: keyId(given.operand('key')), state }] };
    const answer = await session.api.send('PUT', `${await providerPath(given, session)}/keys`, body);
    const left = answer.data as readonly Json[];
    printRows(session, answer, left, KEYS);
    if (left.every((key) => key.state !== 'trusted' && key.not_after !== null))
      printNext(session, 'No certificate is trusted any more, so nobody can sign in through this provider.');
  },
});

const SIGNING_KEYS: readonly Column[] = [
  ['certificate', (row) => row.id],
  ['made', (row) => row.made_at],
  ['signs', (row) => (row.signs === true ? 'yes' : 'no')],
];

const showSigningKey: Command = {
  words: ['identity-providers', 'signing-key', 'show'],
  summary: 'show the certificates of our keys that sign the requests to a SAML provider',
  operands: OPERANDS,
  notes: ['--json has the certificates in PEM. Our metadata has them too.'],
  run: async (given, session) => {
    const answer = await session.api.get(`${await providerPath(given, session)}/signing-key`);
    printRows(session, answer, answer.data as readonly Json[], SIGNING_KEYS);
  },
};

const replaceSigningKey = (step: 'add' | 'switch', summary: string, next: string): Command => ({
  words: ['identity-providers', 'signing-key', step],
  summary,
  operands: OPERANDS,
  run: async (given, session) => {
    const answer = await session.api.send('POST', `${await providerPath(given, session)}/signing-key`, { step });
    printRows(session, answer, answer.data as readonly Json[], SIGNING_KEYS);
    printNext(session, next);
  },
});

export const identityProviderChangeCommands: readonly Command[] = [
  change,
  listKeys,
  addKeys,
  setKey(
    'accept',
    'trusted',
    'trust a key or certificate that waits, or that was removed; compare it with the provider’s page first',
  ),
  setKey('remove', 'gone', 'stop trusting a key or certificate at once, however often the provider lists it'),
  showSigningKey,
  replaceSigningKey(
    'add',
    'make the next key that signs requests to a SAML provider; the present one goes on signing',
    'Let the provider read our metadata, or give it the next certificate beside the present one. Then: identity-providers signing-key switch',
  ),
  replaceSigningKey(
    'switch',
    'sign with the next key; the present one is deleted, and the provider must know the next one by now',
    'The next key signs now. Test the connection, then remove the old certificate at the provider.',
  ),
];

/** A provider as it is now, with the keys by which it signs. */
interface Present {
  readonly path: string;
  readonly provider: Json;
  readonly keys: readonly Json[];
}

async function presentOf(given: Given, session: Session): Promise<Present> {
  const path = await providerPath(given, session);
  const [provider, { data }] = await Promise.all([session.api.get(path), session.api.get(`${path}/keys`)]);
  return { path, provider, keys: data as readonly Json[] };
}

/** Sends a change of what was read. It is refused if somebody else changed the provider meanwhile. */
async function save(given: Given, session: Session, { path, provider }: Present, body: Json): Promise<void> {
  const changed = await session.api.send('PATCH', path, body, provider.version as number);
  printProvider(session, changed);
  printWhatIsLeft(given, session, changed);
}

/** Returns the id of a key. Other programs show a fingerprint as `3F:9A:…`. */
function keyId(text: string): string {
  return /^(?:[0-9a-f]{2}:){31}[0-9a-f]{2}$/i.test(text) ? text.replaceAll(':', '').toLowerCase() : text;
}
