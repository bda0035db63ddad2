/**
 * A SAML identity provider that signs whatever a test wants. It shares no XML code with the server: it writes its texts in canonical
 * form to begin with, so that the digest of an element is that of its text.
 */
import { createHash, generateKeyPairSync, type KeyObject, sign, X509Certificate } from 'node:crypto';
import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { inflateRawSync } from 'node:zlib';
import { selfSigned } from '../../src/identity/saml/self-signed.ts';

export const NS = {
  protocol: 'urn:oasis:names:tc:SAML:2.0:protocol',
  assertion: 'urn:oasis:names:tc:SAML:2.0:assertion',
  signature: 'http://www.w3.org/2000/09/xmldsig#',
};
const EXCLUSIVE = 'http://www.w3.org/2001/10/xml-exc-c14n#';
const ENVELOPED = 'http://www.w3.org/2000/09/xmldsig#enveloped-signature';
const DAY_MS = 86_400_000;

/** A key with its certificate. */
export interface Signer {
  readonly privateKey: KeyObject;
  readonly pem: string;
  /** The certificate in base64. */
  readonly body: string;
  /** The SHA-256 fingerprint in lower-case hex. */
  readonly id: string;
  readonly notAfterMs: number;
}

export function newSigner(given: { readonly bits?: number; readonly fromMs?: number; readonly untilMs?: number } = {}): Signer {
  const pair = generateKeyPairSync('rsa', { modulusLength: given.bits ?? 2_048 });
  const untilMs = given.untilMs ?? Date.now() + 365 * DAY_MS;
  const pem = selfSigned(pair, { commonName: 'idp.example', fromMs: given.fromMs ?? untilMs - 400 * DAY_MS, untilMs });
  const certificate = new X509Certificate(pem);
  const id = certificate.fingerprint256.replaceAll(':', '').toLowerCase();
  return {
    privateKey: pair.privateKey,
    pem,
    body: certificate.raw.toString('base64'),
    id,
    notAfterMs: Date.parse(certificate.validTo),
  };
}

/** Writes an element in canonical form: namespaces first, then attributes by name. A value of null leaves the attribute out. */
export function element(
  name: string,
  attributes: Readonly<Record<string, string | null>>,
  ...content: readonly string[]
): string {
  const rank = (key: string) => (key === 'xmlns' || key.startsWith('xmlns:') ? `0${key}` : `1${key}`);
  const written = Object.entries(attributes)
    .filter((entry): entry is [string, string] => entry[1] !== null)
    .sort(([a], [b]) => (rank(a) < rank(b) ? -1 : 1))
    .map(([key, value]) => ` ${key}="${quoted(value)}"`);
  return `<${name}${written.join('')}>${content.join('')}</${name}>`;
}

/** Escapes a text as canonical XML has it. */
export function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('\r', '&#xD;');
}

/** Escapes the value of an attribute as canonical XML has it. */
function quoted(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}

export interface SigningOptions {
  readonly signatureMethod?: string;
  readonly digestMethod?: string;
  readonly canonical?: string;
  readonly transforms?: readonly string[];
  /** The reference, if it is not to the element itself. */
  readonly uri?: string;
  /** The certificate to name in KeyInfo; null: none. */
  readonly named?: string | null;
  readonly hash?: 'sha1' | 'sha256' | 'sha512';
  /** Other XML beside KeyInfo. */
  readonly more?: string;
  /** The text whose digest is signed, if not the element itself. */
  readonly digestOf?: string;
}

/** Returns a signature over a text in canonical form. */
export function signatureOver(text: string, signer: Signer, options: SigningOptions = {}): string {
  const hash = options.hash ?? 'sha256';
  const id = / ID="([^"]*)"/.exec(text)?.[1] ?? '';
  const digest = createHash(hash)
    .update(options.digestOf ?? text)
    .digest('base64');
  const transforms = (options.transforms ?? [ENVELOPED, EXCLUSIVE]).map((one) => element('ds:Transform', { Algorithm: one }));
  const info = (namespace: string | null) =>
    element(
      'ds:SignedInfo',
      { 'xmlns:ds': namespace },
      element('ds:CanonicalizationMethod', { Algorithm: options.canonical ?? EXCLUSIVE }),
      element('ds:SignatureMethod', {
        Algorithm: options.signatureMethod ?? 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
      }),
      element(
        'ds:Reference',
        { URI: options.uri ?? `#${id}` },
        element('ds:Transforms', {}, ...transforms),
        element('ds:DigestMethod', { Algorithm: options.digestMethod ?? 'http://www.w3.org/2001/04/xmlenc#sha256' }),
        element('ds:DigestValue', {}, digest),
      ),
    );
  const value = sign(hash, Buffer.from(info(NS.signature)), signer.privateKey).toString('base64');
  const named = options.named === undefined ? signer.body : options.named;
  const keyInfo =
    named === null ? '' : element('ds:KeyInfo', {}, element('ds:X509Data', {}, element('ds:X509Certificate', {}, named)));
  return element(
    'ds:Signature',
    { 'xmlns:ds': NS.signature },
    info(null),
    element('ds:SignatureValue', {}, value),
    keyInfo,
    options.more ?? '',
  );
}

/** Puts a signature behind the issuer of an element, where the schema wants it. */
export function signed(text: string, signer: Signer, options: SigningOptions = {}): string {
  return withSignature(text, signatureOver(text, signer, options));
}

export function withSignature(text: string, signature: string): string {
  const at = text.indexOf('</saml:Issuer>') + '</saml:Issuer>'.length;
  return text.slice(0, at) + signature + text.slice(at);
}

/** Everything that a response says. Times are in milliseconds. */
export interface Said {
  readonly issuer: string;
  readonly acs: string;
  readonly audience: string | null;
  readonly requestId: string | null;
  readonly nowMs: number;
  readonly assertionId?: string;
  readonly responseId?: string;
  readonly nameId?: string;
  readonly nameIdXml?: string;
  readonly nameIdFormat?: string | null;
  readonly recipient?: string | null;
  readonly destination?: string | null;
  readonly confirmationRequestId?: string | null;
  readonly method?: string;
  readonly notBeforeMs?: number;
  readonly notOnOrAfterMs?: number;
  readonly issuedMs?: number;
  readonly authenticatedMs?: number;
  readonly context?: string;
  readonly sessionIndex?: string;
  readonly attributes?: readonly (readonly [string, readonly string[]])[];
  /** XML that stands inside the assertion's subject, conditions or at its end. */
  readonly inSubject?: string;
  readonly inConditions?: string;
  readonly atEnd?: string;
  readonly status?: string;
  readonly responseIssuer?: string;
}

export const PERSISTENT = 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent';
const iso = (ms: number) => new Date(ms).toISOString();
let made = 0;

export function assertionXml(said: Said): string {
  made += 1;
  const end = iso(said.notOnOrAfterMs ?? said.nowMs + 300_000);
  const start = iso(said.notBeforeMs ?? said.nowMs - 60_000);
  const audience =
    said.audience === null ? '' : element('saml:AudienceRestriction', {}, element('saml:Audience', {}, escaped(said.audience)));
  const attributes = (said.attributes ?? []).map(([name, values]) =>
    element('saml:Attribute', { Name: name }, ...values.map((value) => element('saml:AttributeValue', {}, escaped(value)))),
  );
  const nameId = element(
    'saml:NameID',
    { Format: said.nameIdFormat === undefined ? PERSISTENT : said.nameIdFormat },
    said.nameIdXml ?? escaped(said.nameId ?? 'ada-1'),
  );
  return element(
    'saml:Assertion',
    {
      'xmlns:saml': NS.assertion,
      ID: said.assertionId ?? `_a${made}`,
      IssueInstant: iso(said.issuedMs ?? said.nowMs),
      Version: '2.0',
    },
    element('saml:Issuer', {}, escaped(said.issuer)),
    element(
      'saml:Subject',
      {},
      nameId,
      element(
        'saml:SubjectConfirmation',
        { Method: said.method ?? 'urn:oasis:names:tc:SAML:2.0:cm:bearer' },
        element('saml:SubjectConfirmationData', {
          InResponseTo: said.confirmationRequestId === undefined ? said.requestId : said.confirmationRequestId,
          NotOnOrAfter: end,
          Recipient: said.recipient === undefined ? said.acs : said.recipient,
        }),
      ),
      said.inSubject ?? '',
    ),
    element('saml:Conditions', { NotBefore: start, NotOnOrAfter: end }, audience, said.inConditions ?? ''),
    element(
      'saml:AuthnStatement',
      { AuthnInstant: iso(said.authenticatedMs ?? said.nowMs), SessionIndex: said.sessionIndex ?? 'session-1' },
      element(
        'saml:AuthnContext',
        {},
        element(
          'saml:AuthnContextClassRef',
          {},
          said.context ?? 'urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport',
        ),
      ),
    ),
    attributes.length === 0 ? '' : element('saml:AttributeStatement', {}, ...attributes),
    said.atEnd ?? '',
  );
}

/** Writes a response around content, which is usually one assertion. */
export function responseXml(said: Said, ...content: readonly string[]): string {
  return element(
    'samlp:Response',
    {
      'xmlns:samlp': NS.protocol,
      Destination: said.destination === undefined ? said.acs : said.destination,
      ID: said.responseId ?? `_r${made}`,
      InResponseTo: said.requestId,
      IssueInstant: iso(said.issuedMs ?? said.nowMs),
      Version: '2.0',
    },
    element('saml:Issuer', { 'xmlns:saml': NS.assertion }, escaped(said.responseIssuer ?? said.issuer)),
    element(
      'samlp:Status',
      {},
      element('samlp:StatusCode', { Value: said.status ?? 'urn:oasis:names:tc:SAML:2.0:status:Success' }),
    ),
    ...content,
  );
}

/** Returns a response as an honest provider sends it: the assertion is signed. */
export function honest(said: Said, signer: Signer, options: SigningOptions = {}): string {
  return responseXml(said, signed(assertionXml(said), signer, options));
}

export function toBase64(xml: string): string {
  return Buffer.from(xml).toString('base64');
}

/** A provider that answers at addresses of its own. */
export interface RunningProvider {
  readonly url: string;
  readonly entityId: string;
  readonly metadataUrl: string;
  /** The requests that came, newest last. */
  readonly requests: readonly string[];
  /** Signs with this key from now on. The metadata lists `listed`, which are all of them by default. */
  use(signer: Signer, listed?: readonly Signer[]): void;
  /** The next person who signs in, and what else is said about them. */
  person: Partial<Said>;
  /** What the address of the metadata answers instead of it. */
  metadata: string | null;
  stop(): Promise<void>;
}

export interface ProviderOptions {
  /** Serves the metadata over TLS besides, and names that address. */
  readonly tls?: { readonly cert: string; readonly key: string };
}

/** Starts a provider on loopback. It signs everybody in at once, and answers with the form that a browser would post. */
export async function startSamlProvider(
  first: Signer,
  audienceOf: (acs: string) => string,
  { tls }: ProviderOptions = {},
): Promise<RunningProvider> {
  let [signer, listed]: [Signer, readonly Signer[]] = [first, [first]];
  const requests: string[] = [];
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', running.url);
    if (url.pathname === '/metadata') return void response.end(running.metadata ?? metadataXml());
    const xml = inflateRawSync(Buffer.from(url.searchParams.get('SAMLRequest') ?? '', 'base64')).toString();
    requests.push(xml);
    const acs = / AssertionConsumerServiceURL="([^"]*)"/.exec(xml)?.[1] ?? '';
    const requestId = / ID="([^"]*)"/.exec(xml)?.[1] ?? '';
    const said = {
      issuer: running.entityId,
      acs,
      audience: audienceOf(acs),
      requestId,
      nowMs: Date.now(),
      assertionId: `_${crypto.randomUUID()}`,
      ...running.person,
    };
    response
      .setHeader('content-type', 'text/html; charset=utf-8')
      .end(postForm(acs, { SAMLResponse: toBase64(honest(said, signer)), RelayState: url.searchParams.get('RelayState') ?? '' }));
  });
  const metadataXml = () =>
    [
      '<?xml version="1.0"?><!-- Ours -->',
      `<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="${running.entityId}">`,
      '<IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">',
      ...listed.map(
        ({ body }) =>
          `<KeyDescriptor use="signing"><KeyInfo xmlns="${NS.signature}"><X509Data><X509Certificate>${body}</X509Certificate></X509Data></KeyInfo></KeyDescriptor>`,
      ),
      `<SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="${running.url}/sso"/>`,
      '</IDPSSODescriptor></EntityDescriptor>',
    ].join('\n');
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  const secure =
    tls === undefined ? null : createTlsServer(tls, (_, response) => response.end(running.metadata ?? metadataXml()));
  if (secure !== null) await new Promise<void>((resolve) => secure.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${port}`;
  const running: RunningProvider = {
    url,
    entityId: `${url}/metadata`,
    metadataUrl:
      secure === null ? `${url}/metadata` : `https://127.0.0.1:${(secure.address() as { port: number }).port}/metadata`,
    metadata: null,
    requests,
    person: {},
    use: (next, all = [next]) => {
      [signer, listed] = [next, all];
    },
    stop: async () => {
      for (const one of [server, secure]) {
        one?.closeAllConnections();
        if (one !== null) await new Promise((resolve) => one.close(resolve));
      }
    },
  };
  return running;
}

/** A page that posts fields, as the POST binding has it. */
function postForm(action: string, fields: Readonly<Record<string, string>>): string {
  const inputs = Object.entries(fields).map(([name, value]) => `<input type="hidden" name="${name}" value="${quoted(value)}"/>`);
  return `<!doctype html><html><body onload="document.forms[0].submit()"><form method="post" action="${quoted(action)}">${inputs.join('')}</form></body></html>`;
}

/** Reads the form of such a page. */
export function readPostForm(html: string): { readonly action: string; readonly fields: URLSearchParams } {
  const unescaped = (text: string) =>
    text
      .replaceAll('&lt;', '<')
      .replaceAll('&gt;', '>')
      .replaceAll('&quot;', '"')
      .replaceAll('&#x27;', "'")
      .replaceAll('&amp;', '&');
  const fields = new URLSearchParams();
  for (const [tag] of html.matchAll(/<input[^>]*>/gi)) {
    const name = /name="([^"]*)"/i.exec(tag)?.[1];
    if (name !== undefined) fields.append(unescaped(name), unescaped(/value="([^"]*)"/i.exec(tag)?.[1] ?? ''));
  }
  return { action: unescaped(/<form[^>]*action="([^"]*)"/i.exec(html)?.[1] ?? ''), fields };
}
