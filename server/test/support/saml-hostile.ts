/** Responses that must let nobody in. The tests post each to the protocol, and the prove posts each to a gateway. */
import { createHmac } from 'node:crypto';
import * as idp from './saml-provider.ts';

export interface HostileContext {
  /** An honest sign-in of the person whom the attacker may sign in: `nameId` is theirs. */
  readonly said: idp.Said;
  readonly signer: idp.Signer;
  /** A key that nobody trusts. */
  readonly other: idp.Signer;
}

export interface HostileResponse {
  readonly name: string;
  readonly code: string;
  readonly words: RegExp;
  /** Returns the `SAMLResponse` field. */
  readonly make: (context: HostileContext) => string;
}

const EVIL = { nameId: 'owner-1', assertionId: '_evil', responseId: '_evilresponse' };
const XML = 'saml_xml';
const FORM = 'saml_form';
const MISPLACED = /second or misplaced <(?:Assertion|Response|Signature|Object|Advice|Subject|SignedInfo)>/;

const b64 = idp.toBase64;
const evilAssertion = ({ said }: HostileContext, more: Partial<idp.Said> = {}) => idp.assertionXml({ ...said, ...EVIL, ...more });
const goodAssertion = ({ said }: HostileContext) => idp.assertionXml({ ...said, assertionId: '_good' });
/** An honest assertion, apart from its signature. */
const parts = (context: HostileContext) => {
  const good = goodAssertion(context);
  return { good, signature: idp.signatureOver(good, context.signer), signed: idp.signed(good, context.signer) };
};
const put = (xml: string, before: string, more: string) => xml.replace(before, () => `${more}${before}`);
const changed =
  (from: Partial<idp.Said>, options: idp.SigningOptions = {}) =>
  ({ said, signer }: HostileContext) =>
    b64(idp.honest({ ...said, ...from }, signer, options));

/** Eight ways to wrap a signature, as attack tools number them, and more. */
const wrapped: readonly HostileResponse[] = [
  {
    ...{ name: 'XSW1: the signed response inside the signature of another', code: FORM, words: MISPLACED },
    make: (context) => {
      const { said, signer } = context;
      const good = idp.responseXml({ ...said, responseId: '_goodresponse' }, goodAssertion(context));
      const signature = put(idp.signatureOver(good, signer), '</ds:Signature>', good);
      return b64(idp.withSignature(idp.responseXml({ ...said, ...EVIL }, evilAssertion(context)), signature));
    },
  },
  {
    ...{ name: 'XSW2: the signed response beside the signature of another', code: FORM, words: MISPLACED },
    make: (context) => {
      const { said, signer } = context;
      const good = idp.responseXml({ ...said, responseId: '_goodresponse' }, goodAssertion(context));
      return b64(
        idp.withSignature(
          idp.responseXml({ ...said, ...EVIL }, evilAssertion(context)),
          `${good}${idp.signatureOver(good, signer)}`,
        ),
      );
    },
  },
  {
    ...{ name: 'XSW3: another assertion before the signed one', code: FORM, words: /2 assertions; exactly one/ },
    make: (context) => b64(idp.responseXml(context.said, evilAssertion(context), parts(context).signed)),
  },
  {
    ...{ name: 'XSW4: the signed assertion inside another', code: FORM, words: MISPLACED },
    make: (context) =>
      b64(idp.responseXml(context.said, put(evilAssertion(context), '</saml:Assertion>', parts(context).signed))),
  },
  {
    ...{ name: 'XSW5: the signature moved into another assertion', code: FORM, words: /2 assertions/ },
    make: (context) => {
      const { good, signature } = parts(context);
      return b64(idp.responseXml(context.said, idp.withSignature(evilAssertion(context), signature), good));
    },
  },
  {
    ...{ name: 'XSW6: the signed assertion inside the signature of another', code: FORM, words: MISPLACED },
    make: (context) => {
      const { good, signature } = parts(context);
      return b64(
        idp.responseXml(context.said, idp.withSignature(evilAssertion(context), put(signature, '</ds:Signature>', good))),
      );
    },
  },
  {
    ...{ name: 'XSW7: another assertion in Extensions', code: FORM, words: MISPLACED },
    make: (context) =>
      b64(idp.responseXml(context.said, idp.element('samlp:Extensions', {}, evilAssertion(context)), parts(context).signed)),
  },
  {
    ...{ name: 'XSW8: the signed assertion in an Object of the signature', code: FORM, words: MISPLACED },
    make: (context) => {
      const { good, signature } = parts(context);
      const object = idp.element('ds:Object', {}, good);
      return b64(
        idp.responseXml(context.said, idp.withSignature(evilAssertion(context), put(signature, '</ds:Signature>', object))),
      );
    },
  },
  {
    ...{ name: 'the signed assertion in the advice of another', code: FORM, words: MISPLACED },
    make: (context) =>
      b64(
        idp.responseXml(context.said, evilAssertion(context, { atEnd: idp.element('saml:Advice', {}, parts(context).signed) })),
      ),
  },
  {
    ...{ name: 'two assertions of one ID', code: FORM, words: /2 assertions/ },
    make: (context) =>
      b64(idp.responseXml(context.said, evilAssertion(context, { assertionId: '_good' }), parts(context).signed)),
  },
  {
    ...{ name: 'another assertion of a foreign namespace', code: FORM, words: MISPLACED },
    make: (context) => {
      const evil = evilAssertion(context).replace(
        'urn:oasis:names:tc:SAML:2.0:assertion',
        'urn:oasis:names:tc:SAML:1.0:assertion',
      );
      return b64(idp.responseXml(context.said, evil, parts(context).signed));
    },
  },
  {
    ...{
      name: 'the signature of another element',
      code: 'saml_signature_form',
      words: /signs #_good, not the Assertion that it stands in/,
    },
    make: (context) => {
      const statement = { 'xmlns:saml': idp.NS.assertion, ID: '_good' };
      const signedElsewhere = idp.element('saml:Statement', statement, idp.element('saml:Issuer', {}, context.said.issuer));
      const signature = idp.signatureOver(signedElsewhere, context.signer);
      return b64(idp.responseXml(context.said, idp.withSignature(evilAssertion(context), signature), signedElsewhere));
    },
  },
  {
    ...{ name: 'a signature of the whole document', code: 'saml_signature_form', words: /signs nothing, not the Assertion/ },
    make: changed({}, { uri: '' }),
  },
  {
    ...{ name: 'a second subject', code: FORM, words: MISPLACED },
    make: ({ said, signer }) =>
      b64(
        idp.honest({ ...said, inConditions: idp.element('saml:Subject', {}, idp.element('saml:NameID', {}, 'owner-1')) }, signer),
      ),
  },
];

const signatures: readonly HostileResponse[] = [
  {
    ...{ name: 'no signature', code: 'saml_unsigned', words: /neither the response nor its assertion is signed/ },
    make: ({ said }) => b64(idp.responseXml(said, idp.assertionXml(said))),
  },
  {
    ...{
      name: 'signed by another key, whose certificate is in KeyInfo',
      code: 'saml_signature',
      words: /^signed by (?:[0-9a-f]{2}:){3}[0-9a-f]{2}…, trusted is (?:[0-9a-f]{2}:){3}[0-9a-f]{2}…$/,
    },
    make: ({ said, other }) => b64(idp.honest(said, other)),
  },
  {
    ...{ name: 'signed by another key under the name of the trusted certificate', code: 'saml_signature', words: /trusted is/ },
    make: ({ said, signer, other }) => b64(idp.honest(said, other, { named: signer.body })),
  },
  {
    ...{
      name: 'signed by another key without a certificate',
      code: 'saml_signature',
      words: /^not signed by a trusted certificate, trusted is/,
    },
    make: ({ said, other }) => b64(idp.honest(said, other, { named: null })),
  },
  {
    ...{ name: 'a wrong signature of the response around a right one', code: 'saml_signature', words: /trusted is/ },
    make: ({ said, signer, other }) => b64(idp.signed(idp.honest(said, signer), other)),
  },
  {
    ...{ name: 'a name changed after signing', code: 'saml_signature', words: /trusted is/ },
    make: ({ said, signer }) => b64(idp.honest(said, signer).replace('>ada-1<', '>owner-1<')),
  },
  {
    ...{ name: 'SHA-1', code: 'saml_signature_form', words: /rsa-sha1; RSA with SHA-256 or SHA-512 is expected/ },
    make: changed(
      {},
      {
        hash: 'sha1',
        signatureMethod: 'http://www.w3.org/2000/09/xmldsig#rsa-sha1',
        digestMethod: 'http://www.w3.org/2000/09/xmldsig#sha1',
      },
    ),
  },
  {
    ...{
      name: 'a digest by SHA-1',
      code: 'saml_signature_form',
      words: /digest http:\/\/www\.w3\.org\/2000\/09\/xmldsig#sha1; SHA-256 or SHA-512/,
    },
    make: changed({}, { digestMethod: 'http://www.w3.org/2000/09/xmldsig#sha1' }),
  },
  {
    ...{ name: 'an HMAC under the public key', code: 'saml_signature_form', words: /hmac-sha1; RSA with SHA-256/ },
    make: ({ said, signer }) => {
      const xml = idp.honest(said, signer, { signatureMethod: 'http://www.w3.org/2000/09/xmldsig#hmac-sha1' });
      const mac = createHmac('sha1', signer.pem).update(xml).digest('base64');
      return b64(xml.replace(/<ds:SignatureValue>[^<]*/, `<ds:SignatureValue>${mac}`));
    },
  },
  {
    ...{
      name: 'canonicalization with comments',
      code: 'saml_signature_form',
      words: /#WithComments; exclusive canonicalization/,
    },
    make: changed({}, { canonical: 'http://www.w3.org/2001/10/xml-exc-c14n#WithComments' }),
  },
  {
    ...{ name: 'a transform by XSLT', code: 'saml_signature_form', words: /REC-xslt-19991116/ },
    make: changed(
      {},
      { transforms: ['http://www.w3.org/2000/09/xmldsig#enveloped-signature', 'http://www.w3.org/TR/1999/REC-xslt-19991116'] },
    ),
  },
  {
    ...{ name: 'a second, hidden signature method', code: 'saml_signature_form', words: /2 <SignatureMethod>/ },
    make: ({ said, signer }) => {
      const more = '<ds:SignatureMethod Algorithm="http://www.w3.org/2000/09/xmldsig#rsa-sha1"></ds:SignatureMethod>';
      return b64(idp.honest(said, signer).replace('<ds:KeyInfo>', `<ds:KeyInfo>${more}`));
    },
  },
  {
    ...{ name: 'two signatures in one assertion', code: FORM, words: MISPLACED },
    make: ({ said, signer, other }) => {
      const assertion = idp.assertionXml(said);
      return b64(idp.responseXml(said, idp.withSignature(idp.signed(assertion, signer), idp.signatureOver(assertion, other))));
    },
  },
];

const texts: readonly HostileResponse[] = [
  {
    ...{ name: 'a DOCTYPE', code: XML, words: /DOCTYPE/ },
    make: ({ said, signer }) => b64(`<!DOCTYPE samlp:Response>${idp.honest(said, signer)}`),
  },
  {
    ...{ name: 'an external entity', code: XML, words: /DOCTYPE/ },
    make: ({ said, signer }) =>
      b64(`<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]>${idp.honest({ ...said, nameIdXml: '&x;' }, signer)}`),
  },
  {
    ...{ name: 'a billion laughs', code: XML, words: /DOCTYPE/ },
    make: ({ said, signer }) => {
      const bomb = Array.from({ length: 9 }, (_, i) => `<!ENTITY l${i + 1} "${`&l${i};`.repeat(10)}">`).join('');
      return b64(`<!DOCTYPE r [<!ENTITY l0 "lol">${bomb}]>${idp.honest({ ...said, nameIdXml: '&l9;' }, signer)}`);
    },
  },
  {
    ...{ name: 'an entity without a DOCTYPE', code: XML, words: /entity &x;/ },
    make: changed({ nameIdXml: '&x;' }),
  },
  {
    ...{ name: 'a comment in the NameID', code: XML, words: /comment/ },
    make: ({ said, signer }) =>
      b64(idp.honest({ ...said, nameId: 'owner-1.ada-1' }, signer).replace('owner-1.ada-1', 'owner-1<!---->.ada-1')),
  },
  {
    ...{ name: 'a CDATA section', code: XML, words: /CDATA/ },
    make: ({ said, signer }) => b64(idp.honest(said, signer).replace('>ada-1<', '><![CDATA[ada-1]]><')),
  },
  {
    ...{ name: 'a processing instruction', code: XML, words: /processing instruction/ },
    make: ({ said, signer }) => b64(idp.honest(said, signer).replace('>ada-1<', '>ada<?x?>-1<')),
  },
  {
    ...{ name: 'a control character in the NameID', code: 'saml_name_id', words: /control characters/ },
    make: changed({ nameId: 'owner-1\nada-1' }),
  },
  {
    ...{ name: 'UTF-16', code: 'saml_wrong_encoding', words: /not encoded in UTF-8/ },
    make: ({ said, signer }) => Buffer.from(`\ufeff${idp.honest(said, signer)}`, 'utf16le').toString('base64'),
  },
  {
    ...{ name: 'UTF-8 that says it is something else', code: XML, words: /encoding is UTF-7; only UTF-8/ },
    make: ({ said, signer }) => b64(`<?xml version="1.0" encoding="UTF-7"?>${idp.honest(said, signer)}`),
  },
  {
    ...{ name: 'no base64', code: 'saml_not_base64', words: /not in base64/ },
    make: ({ said, signer }) => encodeURIComponent(idp.honest(said, signer)),
  },
  {
    ...{ name: '300 kB', code: 'saml_too_large', words: /at most 262144/ },
    make: changed({ attributes: [['pad', ['x'.repeat(225_000)]]] }),
  },
  {
    ...{ name: 'deep nesting', code: XML, words: /nested more than 24 elements deep/ },
    make: changed({ atEnd: `${'<saml:x>'.repeat(9_000)}${'</saml:x>'.repeat(9_000)}` }),
  },
  {
    ...{ name: 'many elements', code: XML, words: /more than 1600 elements/ },
    make: changed({ atEnd: '<saml:x></saml:x>'.repeat(1_600) }),
  },
  {
    ...{ name: 'many attributes', code: XML, words: /more than 4800 attributes/ },
    make: changed({ atEnd: `<saml:x${Array.from({ length: 60 }, (_, i) => ` a${i}="x"`).join('')}></saml:x>`.repeat(100) }),
  },
  { ...{ name: 'no XML', code: XML, words: /first element|broken|no XML/ }, make: () => b64('hello') },
  {
    ...{ name: 'XML without an end', code: XML, words: /ends inside/ },
    make: ({ said, signer }) => b64(idp.honest(said, signer).replace(/<\/samlp:Response>$/, '')),
  },
];

const contents: readonly HostileResponse[] = [
  {
    ...{ name: 'another recipient', code: 'saml_recipient', words: /recipient https:\/\/evil\.example\/acs, ours is / },
    make: changed({ recipient: 'https://evil.example/acs' }),
  },
  {
    ...{ name: 'no recipient', code: 'saml_recipient', words: /recipient nothing, ours is / },
    make: changed({ recipient: null }),
  },
  {
    ...{ name: 'another destination', code: 'saml_recipient', words: /destination https:\/\/evil\.example\/acs, ours is / },
    make: changed({ destination: 'https://evil.example/acs' }),
  },
  {
    ...{ name: 'another audience', code: 'saml_audience', words: /made for https:\/\/other\.example, we are / },
    make: changed({ audience: 'https://other.example' }),
  },
  { ...{ name: 'no audience', code: 'saml_audience', words: /names no audience/ }, make: changed({ audience: null }) },
  {
    ...{ name: 'another issuer', code: 'saml_issuer', words: /issued by https:\/\/evil\.example, configured is / },
    make: changed({ issuer: 'https://evil.example' }),
  },
  {
    ...{
      name: 'another issuer of the response',
      code: 'saml_issuer',
      words: /issued by https:\/\/evil\.example, configured is /,
    },
    make: changed({ responseIssuer: 'https://evil.example' }),
  },
  {
    ...{ name: 'another request', code: 'saml_in_response_to', words: /answers the request _other, sent was _/ },
    make: changed({ requestId: '_other' }),
  },
  {
    ...{ name: 'another request in the assertion', code: 'saml_in_response_to', words: /answers the request _other, sent was _/ },
    make: changed({ confirmationRequestId: '_other' }),
  },
  {
    ...{ name: 'no request at all', code: 'saml_in_response_to', words: /answers no request/ },
    make: changed({ requestId: null }),
  },
  {
    ...{ name: 'a request in the response alone', code: 'saml_in_response_to', words: /the request nothing, sent was/ },
    make: changed({ confirmationRequestId: null }),
  },
  {
    ...{ name: 'expired', code: 'saml_time', words: /valid until .*; it is .* here/ },
    make: (context) => changed({ notOnOrAfterMs: context.said.nowMs - 90_000 })(context),
  },
  {
    ...{ name: 'not yet valid', code: 'saml_time', words: /valid from .* on; it is .* here/ },
    make: (context) => changed({ notBeforeMs: context.said.nowMs + 90_000 })(context),
  },
  {
    ...{ name: 'issued too long ago', code: 'saml_time', words: /too long ago/ },
    make: (context) =>
      changed({ issuedMs: context.said.nowMs - 4_000_000, notOnOrAfterMs: context.said.nowMs + 86_400_000 })(context),
  },
  {
    ...{ name: 'two signed assertions', code: FORM, words: /2 assertions/ },
    make: ({ said, signer }) =>
      b64(
        idp.responseXml(
          said,
          idp.signed(idp.assertionXml(said), signer),
          idp.signed(idp.assertionXml({ ...said, nameId: 'bob' }), signer),
        ),
      ),
  },
  {
    ...{ name: 'no assertion', code: FORM, words: /0 assertions/ },
    make: ({ said, signer }) => b64(idp.signed(idp.responseXml(said), signer)),
  },
  {
    ...{ name: 'a transient NameID', code: 'saml_name_id', words: /transient/ },
    make: changed({ nameIdFormat: 'urn:oasis:names:tc:SAML:2.0:nameid-format:transient' }),
  },
  {
    ...{ name: 'a NameID of another format', code: 'saml_name_id', words: /format .*emailAddress, configured is .*persistent/ },
    make: changed({ nameIdFormat: 'urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress', nameId: 'owner@company.example' }),
  },
  {
    ...{ name: 'an endless NameID', code: 'saml_name_id', words: /257 characters; at most 256/ },
    make: changed({ nameId: 'x'.repeat(257) }),
  },
  {
    ...{ name: 'two NameIDs', code: 'saml_name_id', words: /has 2 NameIDs/ },
    make: changed({ inSubject: '<saml:NameID>owner-1</saml:NameID>' }),
  },
  {
    ...{
      name: 'no bearer confirmation',
      code: 'saml_recipient',
      words: /holder-of-key; urn:oasis:names:tc:SAML:2\.0:cm:bearer is expected/,
    },
    make: changed({ method: 'urn:oasis:names:tc:SAML:2.0:cm:holder-of-key' }),
  },
  {
    ...{ name: 'two confirmations', code: 'saml_recipient', words: /has 2 subject confirmations/ },
    make: changed({
      inSubject: '<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"></saml:SubjectConfirmation>',
    }),
  },
  {
    ...{ name: 'an unknown condition', code: 'saml_conditions', words: /condition OnlyOnTuesdays/ },
    make: changed({ inConditions: '<saml:OnlyOnTuesdays></saml:OnlyOnTuesdays>' }),
  },
  {
    ...{ name: 'an encrypted assertion', code: 'saml_encrypted', words: /EncryptedAssertion; switch off the encryption/ },
    make: ({ said, signer }) =>
      b64(
        idp.signed(
          idp.responseXml(
            said,
            '<saml:EncryptedAssertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion"></saml:EncryptedAssertion>',
          ),
          signer,
        ),
      ),
  },
  {
    ...{ name: 'a failure at the provider', code: 'saml_status', words: /the identity provider says Responder/ },
    make: changed({ status: 'urn:oasis:names:tc:SAML:2.0:status:Responder' }),
  },
  {
    ...{ name: 'a logout response', code: FORM, words: /is a LogoutResponse; a SAML 2\.0 Response is expected/ },
    make: ({ said, signer }) => b64(idp.honest(said, signer).replaceAll('samlp:Response', 'samlp:LogoutResponse')),
  },
  {
    ...{ name: '201 attributes', code: 'saml_attributes', words: /has 201 attributes; at most 200/ },
    make: changed({ attributes: Array.from({ length: 201 }, (_, i) => [`a${i}`, ['x']] as const) }),
  },
];

export const HOSTILE: readonly HostileResponse[] = [...wrapped, ...signatures, ...texts, ...contents];
