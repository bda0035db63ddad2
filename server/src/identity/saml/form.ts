/**
 * Checks the form of a response before the library sees it. The form is narrow: one Response with one Assertion, each signed at most
 * once by strong algorithms, and nothing else that a reader could take for either. What real identity providers send has this form.
 */

import { ASSERTION, PROTOCOL, SIGNATURE, SUCCESS, shown } from './words.ts';
import { childrenOf, everyElement, leafText, readXml, type XmlElement } from './xml.ts';

const BASE64_MAX = 262_144;
/** With these bounds the library needs at most about 150 ms for a response; its time grows with the square of their number. */
export const RESPONSE_BOUNDS = { depthMax: 24, elementsMax: 1_600, comments: 'refused' } as const;
const EXCLUSIVE = 'http://www.w3.org/2001/10/xml-exc-c14n#';
const ENVELOPED = 'http://www.w3.org/2000/09/xmldsig#enveloped-signature';
const SIGNATURE_METHODS: ReadonlySet<string> = new Set([
  'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
  'http://www.w3.org/2001/04/xmldsig-more#rsa-sha512',
  'http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1',
]);
const DIGEST_METHODS: ReadonlySet<string> = new Set([
  'http://www.w3.org/2001/04/xmlenc#sha256',
  'http://www.w3.org/2001/04/xmlenc#sha512',
]);
/** Elements that the library or a person could take for what is used. Each has one place, where it stands once. */
const KEY_NAMES: ReadonlySet<string> = new Set([
  ...['Response', 'Assertion', 'Signature', 'SignedInfo', 'Subject', 'Conditions'],
  ...['Advice', 'Object', 'Status', 'LogoutRequest', 'LogoutResponse'],
]);

/** A response whose form is right. Nothing in it is proven yet. */
export interface FormedResponse {
  readonly xml: string;
  readonly response: XmlElement;
  readonly assertion: XmlElement;
  readonly isResponseSigned: boolean;
  readonly isAssertionSigned: boolean;
  /** The certificates inside the signatures, in base64. They name who signed, and are never trusted. */
  readonly named: readonly string[];
}

export type FormOutcome =
  | { readonly is: 'formed'; readonly formed: FormedResponse }
  | { readonly is: 'refused'; readonly code: string; readonly words: string };

const refused = (code: string, words: string): FormOutcome => ({ is: 'refused', code, words });

/** Reads the `SAMLResponse` field of a post. */
export function readResponse(field: string): FormOutcome {
  if (field.length > BASE64_MAX)
    return refused('saml_too_large', `the response has ${field.length} characters; at most ${BASE64_MAX} are read`);
  const compact = field.replaceAll(/[\r\n\t ]+/g, '');
  if (compact === '' || compact.length % 4 !== 0 || !/^[A-Za-z0-9+/]+={0,2}$/.test(compact))
    return refused('saml_not_base64', 'the response is not in base64');
  const bytes = Buffer.from(compact, 'base64');
  let xml: string;
  try {
    xml = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return refused('saml_wrong_encoding', 'the response is not encoded in UTF-8');
  }
  const read = readXml(xml, RESPONSE_BOUNDS);
  if (read.is === 'refused') return refused('saml_xml', read.words);
  return readForm(xml, read.root);
}

function readForm(xml: string, response: XmlElement): FormOutcome {
  if (!is(response, PROTOCOL, 'Response'))
    return refused('saml_form', `the message is a ${shown(response.local)}; a SAML 2.0 Response is expected`);
  const status = statusProblem(response);
  if (status !== null) return refused('saml_status', status);
  const encrypted = [...everyElement(response)].filter(({ local }) => local.startsWith('Encrypted'));
  if (encrypted.length > 0)
    return refused(
      'saml_encrypted',
      `the response has an ${encrypted[0]?.local}; switch off the encryption of assertions at the identity provider, as TLS protects them`,
    );
  const assertions = childrenOf(response, ASSERTION, 'Assertion');
  if (assertions.length !== 1)
    return refused('saml_form', `the response has ${assertions.length} assertions; exactly one is expected`);
  const assertion = assertions[0] as XmlElement;
  const misplaced = misplacedElement(response, assertion);
  if (misplaced !== null) return refused('saml_form', `the response has a second or misplaced <${misplaced}>`);
  const repeated = repeatedId(response);
  if (repeated !== null) return refused('saml_form', `two elements have the ID ${shown(repeated)}`);
  return readSignatures({ xml, response, assertion });
}

function readSignatures(parts: Pick<FormedResponse, 'xml' | 'response' | 'assertion'>): FormOutcome {
  const { response, assertion } = parts;
  const ofResponse = childrenOf(response, SIGNATURE, 'Signature');
  const ofAssertion = childrenOf(assertion, SIGNATURE, 'Signature');
  if (ofResponse.length + ofAssertion.length === 0)
    return refused('saml_unsigned', 'neither the response nor its assertion is signed; one of them must be');
  for (const [signature, parent] of [
    ...ofResponse.map((one) => [one, response] as const),
    ...ofAssertion.map((one) => [one, assertion] as const),
  ]) {
    const problem = signatureProblem(signature, parent);
    if (problem !== null) return refused('saml_signature_form', problem);
  }
  const named = [...ofAssertion, ...ofResponse].flatMap((signature) =>
    [...everyElement(signature)].filter(({ local }) => local === 'X509Certificate').map((one) => leafText(one) ?? ''),
  );
  return {
    is: 'formed',
    formed: { ...parts, isResponseSigned: ofResponse.length > 0, isAssertionSigned: ofAssertion.length > 0, named },
  };
}

/** Returns words if the identity provider reports a failure. Such a response is often unsigned and never lets anybody in. */
function statusProblem(response: XmlElement): string | null {
  const status = childrenOf(response, PROTOCOL, 'Status')[0];
  const code = status === undefined ? undefined : childrenOf(status, PROTOCOL, 'StatusCode')[0];
  const value = code?.attributes.get('Value');
  if (value === SUCCESS) return null;
  if (status === undefined || code === undefined) return 'the response has no status';
  const inner = childrenOf(code, PROTOCOL, 'StatusCode')[0]?.attributes.get('Value');
  const message = childrenOf(status, PROTOCOL, 'StatusMessage')[0];
  const said = message === undefined ? '' : `: ${shown(leafText(message))}`;
  return `the identity provider says ${[value, inner].flatMap((one) => (one === undefined ? [] : [shown(last(one))])).join(', ')}${said}`;
}

const last = (urn: string) => urn.slice(urn.lastIndexOf(':') + 1);

/** Returns the name of an element that stands where it has no business; null if there is none. */
function misplacedElement(response: XmlElement, assertion: XmlElement): string | null {
  const allowed = new Set<XmlElement>([response, assertion, ...childrenOf(response, PROTOCOL, 'Status')]);
  for (const parent of [response, assertion]) {
    const signatures = childrenOf(parent, SIGNATURE, 'Signature');
    if (signatures.length > 1) return 'Signature';
    for (const signature of signatures)
      for (const one of [signature, ...childrenOf(signature, SIGNATURE, 'SignedInfo')]) allowed.add(one);
  }
  const subject = childrenOf(assertion, ASSERTION, 'Subject');
  const used = [...subject, ...childrenOf(assertion, ASSERTION, 'Conditions')];
  if (subject.length > 1 || used.length > 2) return used.at(-1)?.local ?? 'Subject';
  for (const one of used) allowed.add(one);
  for (const element of everyElement(response)) if (KEY_NAMES.has(element.local) && !allowed.has(element)) return element.local;
  return null;
}

function repeatedId(response: XmlElement): string | null {
  const seen = new Set<string>();
  for (const element of everyElement(response)) {
    for (const [name, value] of element.attributes) {
      if (!/^(?:\{[^}]*\})?id$/i.test(name)) continue;
      if (seen.has(value)) return value;
      seen.add(value);
    }
  }
  return null;
}

/** Returns what is wrong with a signature's form; null if it signs its parent, once, by strong algorithms. */
function signatureProblem(signature: XmlElement, parent: XmlElement): string | null {
  if (signature.children.some(({ local, namespace }) => namespace !== SIGNATURE || !SIGNATURE_PARTS.has(local)))
    return 'the signature has parts beyond SignedInfo, SignatureValue and KeyInfo';
  // The library finds these by their names alone, the first one wherever it stands.
  const within = [...everyElement(signature)].map(({ local }) => local);
  for (const name of ONCE_EACH) {
    const count = within.filter((one) => one === name).length;
    if (count !== 1) return `the signature has ${count} <${name}>; it must sign exactly one element, in one way`;
  }
  const info = childrenOf(signature, SIGNATURE, 'SignedInfo')[0];
  const reference = info === undefined ? undefined : childrenOf(info, SIGNATURE, 'Reference')[0];
  if (info === undefined || reference === undefined) return 'the parts of the signature are not in their places';
  const id = parent.attributes.get('ID') ?? '';
  const uri = reference.attributes.get('URI') ?? '';
  if (!/^[A-Za-z_][A-Za-z0-9_.-]{0,255}$/.test(id))
    return `the signed ${parent.local} has the ID ${shown(id)}, which is no XML id`;
  if (uri !== `#${id}`)
    return `the signature in ${parent.local} signs ${shown(uri)}, not the ${parent.local} that it stands in (#${shown(id)})`;
  return algorithmProblem(info, reference);
}

const ONCE_EACH = [
  ...['SignedInfo', 'CanonicalizationMethod', 'SignatureMethod', 'Reference', 'Transforms', 'DigestMethod', 'DigestValue'],
  'SignatureValue',
];
const SIGNATURE_PARTS: ReadonlySet<string> = new Set(['SignedInfo', 'SignatureValue', 'KeyInfo']);

function algorithmProblem(info: XmlElement, reference: XmlElement): string | null {
  const of = (element: XmlElement, local: string) => childrenOf(element, SIGNATURE, local)[0]?.attributes.get('Algorithm');
  const method = of(info, 'SignatureMethod');
  if (method === undefined || !SIGNATURE_METHODS.has(method))
    return `the signature uses ${shown(method)}; RSA with SHA-256 or SHA-512 is expected`;
  const digest = of(reference, 'DigestMethod');
  if (digest === undefined || !DIGEST_METHODS.has(digest))
    return `the signature uses the digest ${shown(digest)}; SHA-256 or SHA-512 is expected`;
  const canonical = of(info, 'CanonicalizationMethod');
  if (canonical !== EXCLUSIVE)
    return `the signature uses ${shown(canonical)}; exclusive canonicalization without comments is expected`;
  const lists = childrenOf(reference, SIGNATURE, 'Transforms');
  const transforms = lists.flatMap((list) => list.children.map((one) => one.attributes.get('Algorithm')));
  if (lists.length !== 1 || transforms.length !== 2 || transforms[0] !== ENVELOPED || transforms[1] !== EXCLUSIVE)
    return `the signature transforms by ${shown(transforms.join(' '))}; enveloped signature and exclusive canonicalization are expected`;
  return null;
}

function is(element: XmlElement, namespace: string, local: string): boolean {
  return element.local === local && element.namespace === namespace;
}
