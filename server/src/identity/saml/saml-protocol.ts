/**
 * SAML 2.0 as a service provider. The library verifies signatures and makes requests. By itself it also accepts a wrong recipient and
 * destination, SHA-1, a DOCTYPE, and one response several times at once; so the form is checked before it (`form.ts`) and the content
 * after it (`judge.ts`), on the bytes that the signature covers. There is no single logout: the library passes an unsigned redirect.
 */
import { createHash } from 'node:crypto';
import type { AnswerCheck, ProtocolOutcome, ProviderToAsk } from '../protocol.ts';
import { ConfigProblem } from '../protocol-problems.ts';
import type { SamlProtocol } from '../protocols.ts';
import { type ConfigSource, readSamlConfig, type SamlConfig } from './config.ts';
import { type AssertionFacts, assertionFacts, responseFacts } from './facts.ts';
import { type FormedResponse, RESPONSE_BOUNDS, readResponse } from './form.ts';
import { type CodedCheck, type Expected, judge, timeMs } from './judge.ts';
import { ownMetadata } from './metadata.ts';
import { certificateBody, newOwnKeys, ownCertificates, readOwnKeys, withNextKey, withoutOldKey } from './own-keys.ts';
import { attributesProblem, claimsOf, personOf } from './person.ts';
import { type Places, placesOf } from './places.ts';
import { startRequest } from './request.ts';
import { type TrustedCertificate, verifySignature } from './signature.ts';
import { ASSERTION, ASSERTION_AGE_MS_MAX, NAME_ID_FORMATS, SKEW_MS } from './words.ts';
import { readXml } from './xml.ts';

export interface SamlOptions {
  /** The public URL; null: none is set, and nothing can be started. */
  readonly publicUrl: string | null;
  readonly nowMs: () => number;
  /** Claims a name over all replicas. Resolves with false if it is already claimed. */
  readonly claimOnce: (name: string, forMs: number) => Promise<boolean>;
  /** Returns the certificates that are trusted now, expired ones included. */
  readonly trusted: (provider: Pick<ProviderToAsk, 'organizationId' | 'id'>) => Promise<readonly TrustedCertificate[]>;
  /**
   * Reads the metadata of a provider again, because it signed by a certificate that is not trusted. Resolves with true if certificates
   * changed. Never rejects because of the provider.
   */
  readonly refresh: (provider: ProviderToAsk) => Promise<boolean>;
  readonly checkUrl: ConfigSource['checkUrl'];
  readonly fetchDocument: ConfigSource['fetchDocument'];
}

export function createSamlProtocol(options: SamlOptions): SamlProtocol {
  const placesFor = ({ id }: Pick<ProviderToAsk, 'id'>): Places => {
    if (options.publicUrl === null)
      throw new ConfigProblem('', 'Set HEADGATE_PUBLIC_URL: identity providers send people back to it.');
    return placesOf(options.publicUrl, id);
  };
  return {
    readConfig: async (config) => ({ ...(await readSamlConfig(config, { ...options, nowMs: options.nowMs() })) }),
    start: async (provider, { state, isFresh }) =>
      startRequest(provider, provider.config as unknown as SamlConfig, placesFor(provider), {
        state,
        isFresh,
        nowMs: options.nowMs(),
      }),
    finish: async (provider, keep, incoming) => finish(provider, placesFor(provider), keep, incoming, options),
    newSecret: () => newOwnKeys(options.nowMs()),
    withNextKey: (secret) => withNextKey(secret, options.nowMs()),
    withoutOldKey,
    ownCertificates,
    metadata: (provider) => {
      const { entityId, acs } = placesFor(provider);
      const { name_id: form } = provider.config as unknown as SamlConfig;
      const certificates = readOwnKeys(provider.secret).map(certificateBody);
      return ownMetadata({ entityId, acs, certificates, nameIdFormat: NAME_ID_FORMATS[form] });
    },
  };
}

async function finish(
  provider: ProviderToAsk,
  places: Places,
  keep: Readonly<Record<string, string>>,
  incoming: URLSearchParams,
  options: SamlOptions,
): Promise<ProtocolOutcome> {
  const [field, ...more] = incoming.getAll('SAMLResponse');
  const isOne = field !== undefined && more.length === 0;
  const form = isOne
    ? readResponse(field)
    : ({ is: 'refused', code: 'saml_form', words: 'the post has no single SAMLResponse' } as const);
  if (form.is === 'refused') return refusal([{ name: 'Form', code: form.code, ok: false, words: form.words }], null);
  const config = provider.config as unknown as SamlConfig;
  const nowMs = options.nowMs();
  const expected = expectedOf(config, places, keep, nowMs);
  const question = { formed: form.formed, field: field as string, config, places, requestId: expected.requestId, nowMs };
  const verify = async () => verifySignature({ ...question, trusted: await options.trusted(provider) });
  let signature = await verify();
  // A provider that has just changed its certificate loses no sign-in.
  if (signature.is === 'forged' && (await options.refresh(provider))) signature = await verify();
  const good: CodedCheck = {
    name: 'Form',
    code: '',
    ok: true,
    words: 'one response with one assertion, in XML without a second meaning',
  };
  if (signature.is === 'forged') {
    const forged: CodedCheck = { name: 'Signature', code: 'saml_signature', ok: false, words: signature.words };
    return refusal([good, forged, ...judgeForm(form.formed, expected)], null);
  }
  if (signature.is === 'refused') {
    const last: CodedCheck = { name: 'Library', code: 'saml_refused', ok: false, words: signature.words };
    return refusal([good, ...judgeForm(form.formed, expected), last], null);
  }
  const signed: CodedCheck = { name: 'Signature', code: '', ok: true, words: signature.words };
  return finishSigned(signature.assertionXml, [good, signed], { provider, config, formed: form.formed, expected }, options);
}

/** Decides by the bytes that the signature covers; nothing else of the response lets anybody in. */
async function finishSigned(
  assertionXml: string,
  before: readonly CodedCheck[],
  asked: {
    readonly provider: ProviderToAsk;
    readonly config: SamlConfig;
    readonly formed: FormedResponse;
    readonly expected: Expected;
  },
  { claimOnce, nowMs }: SamlOptions,
): Promise<ProtocolOutcome> {
  const { provider, config, formed, expected } = asked;
  const facts = signedFacts(assertionXml);
  if (facts === null) {
    const lost: CodedCheck = {
      name: 'Signed part',
      code: 'saml_form',
      ok: false,
      words: 'what the signature covers is no assertion',
    };
    return refusal([...before, lost], null);
  }
  const problem = attributesProblem(facts);
  const attributes: CodedCheck = {
    name: 'Attributes',
    code: 'saml_attributes',
    ok: problem === null,
    words: problem ?? `${facts.attributes.length} attributes`,
  };
  const checks = [...before, ...judge(facts, responseFacts(formed.response), expected), attributes];
  if (checks.some(({ ok }) => !ok)) return refusal(checks, claimsOf(facts));
  const endMs = (timeMs(facts.issueInstant) as number) + ASSERTION_AGE_MS_MAX + 2 * SKEW_MS;
  const once = `saml:${createHash('sha256')
    .update(JSON.stringify([provider.organizationId, provider.id, facts.id]))
    .digest('hex')}`;
  if (!(await claimOnce(once, endMs - nowMs()))) {
    const used: CodedCheck = {
      name: 'Used once',
      code: 'saml_replayed',
      ok: false,
      words: 'this response was used before; sign in again',
    };
    return refusal([...checks, used], claimsOf(facts));
  }
  return { is: 'asserted', assertion: personOf(facts, provider, config), checks: checks.map(shownCheck) };
}

function expectedOf(config: SamlConfig, places: Places, keep: Readonly<Record<string, string>>, nowMs: number): Expected {
  const { request_id: requestId = '', fresh_since_ms: since = '' } = keep;
  return {
    issuer: config.entity_id,
    ...places,
    requestId,
    nameId: config.name_id,
    freshSinceMs: since === '' ? null : Number(since),
    nowMs,
  };
}

function judgeForm({ assertion, response }: FormedResponse, expected: Expected): readonly CodedCheck[] {
  return judge(assertionFacts(assertion), responseFacts(response), expected);
}

function signedFacts(assertionXml: string): AssertionFacts | null {
  const read = readXml(assertionXml, RESPONSE_BOUNDS);
  const isAssertion = read.is === 'read' && read.root.local === 'Assertion' && read.root.namespace === ASSERTION;
  return isAssertion ? assertionFacts(read.root) : null;
}

function refusal(checks: readonly CodedCheck[], claims: Readonly<Record<string, unknown>> | null): ProtocolOutcome {
  const first = checks.find(({ ok }) => !ok);
  return {
    is: 'refused',
    code: first?.code ?? 'saml_refused',
    words: first?.words ?? 'the response was refused',
    checks: checks.map(shownCheck),
    claims,
  };
}

function shownCheck({ name, ok, words }: CodedCheck): AnswerCheck {
  return { name, ok, words };
}
