/** Reads the metadata document of an identity provider. Its own signature is not checked: it counts because of where it is from. */
import { ASSERTION, METADATA, REDIRECT_BINDING, SIGNATURE, shown } from './words.ts';
import { childrenOf, everyElement, leafText, readXml, type XmlElement } from './xml.ts';

export const METADATA_BYTES_MAX = 1_048_576;
const BOUNDS = { depthMax: 24, elementsMax: 40_000, comments: 'between' } as const;
const CERTIFICATES_MAX = 10;

export interface ProviderMetadata {
  readonly entityId: string;
  readonly ssoUrl: string;
  /** In PEM or base64, as they stand there. */
  readonly certificates: readonly string[];
}

export type MetadataOutcome =
  | { readonly is: 'read'; readonly metadata: ProviderMetadata }
  | { readonly is: 'refused'; readonly words: string };

const refused = (words: string): MetadataOutcome => ({ is: 'refused', words });

/** Reads metadata. `entityId` chooses among several identity providers; null: there must be only one. */
export function readMetadata(text: string, entityId: string | null): MetadataOutcome {
  if (text.length > METADATA_BYTES_MAX) return refused('the metadata is larger than 1 MiB');
  const read = readXml(text.trim(), BOUNDS);
  if (read.is === 'refused') return refused(`the metadata cannot be read: ${read.words}`);
  const descriptors = [...everyElement(read.root)].filter(
    (one) =>
      one.namespace === METADATA && one.local === 'EntityDescriptor' && childrenOf(one, METADATA, 'IDPSSODescriptor').length > 0,
  );
  const wanted = entityId === null ? descriptors : descriptors.filter((one) => one.attributes.get('entityID') === entityId);
  const [descriptor, ...more] = wanted;
  if (descriptor === undefined) {
    const others = descriptors.map((one) => shown(one.attributes.get('entityID')));
    return refused(
      others.length === 0
        ? 'the document describes no SAML identity provider (IDPSSODescriptor)'
        : `the metadata does not describe ${shown(entityId)}, but ${others.slice(0, 3).join(', ')}`,
    );
  }
  if (more.length > 0) return refused(`the metadata describes ${wanted.length} identity providers: give the entity id of yours`);
  return readDescriptor(descriptor);
}

function readDescriptor(descriptor: XmlElement): MetadataOutcome {
  const entityId = descriptor.attributes.get('entityID') ?? '';
  if (entityId === '' || entityId.length > 1_024)
    return refused('the metadata has no entity id, or one of more than 1,024 characters');
  const [role] = childrenOf(descriptor, METADATA, 'IDPSSODescriptor');
  const services = role === undefined ? [] : childrenOf(role, METADATA, 'SingleSignOnService');
  const redirect = services.find((one) => one.attributes.get('Binding') === REDIRECT_BINDING);
  const ssoUrl = redirect?.attributes.get('Location');
  if (role === undefined || ssoUrl === undefined)
    return refused('the metadata has no sign-in service with the binding HTTP-Redirect, which is the one that Headgate uses');
  const certificates = certificatesOf(role);
  if (certificates.length === 0) return refused('the metadata has no signing certificate');
  if (certificates.length > CERTIFICATES_MAX)
    return refused(`the metadata has ${certificates.length} signing certificates; at most ${CERTIFICATES_MAX} are read`);
  return { is: 'read', metadata: { entityId, ssoUrl, certificates } };
}

function certificatesOf(role: XmlElement): readonly string[] {
  const keys = childrenOf(role, METADATA, 'KeyDescriptor').filter(
    (key) => (key.attributes.get('use') ?? 'signing') === 'signing',
  );
  const texts = keys.flatMap((key) =>
    [...everyElement(key)]
      .filter((one) => one.namespace === SIGNATURE && one.local === 'X509Certificate')
      .map((one) => (leafText(one) ?? '').replaceAll(/\s+/g, '')),
  );
  return [...new Set(texts)];
}

export interface OwnMetadata {
  readonly entityId: string;
  readonly acs: string;
  /** Our certificates in base64: the one that signs now, and the next one while it is replaced. */
  readonly certificates: readonly string[];
  readonly nameIdFormat: string;
}

/** Returns our own metadata document, for the identity provider. */
export function ownMetadata({ entityId, acs, certificates, nameIdFormat }: OwnMetadata): string {
  const keys = certificates.map(
    (one) =>
      `    <KeyDescriptor use="signing"><KeyInfo xmlns="${SIGNATURE}"><X509Data><X509Certificate>${one}</X509Certificate></X509Data></KeyInfo></KeyDescriptor>`,
  );
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<EntityDescriptor xmlns="${METADATA}" xmlns:saml="${ASSERTION}" entityID="${escaped(entityId)}">`,
    `  <SPSSODescriptor AuthnRequestsSigned="${certificates.length > 0}" WantAssertionsSigned="true" protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">`,
    ...keys,
    `    <NameIDFormat>${escaped(nameIdFormat)}</NameIDFormat>`,
    `    <AssertionConsumerService index="0" isDefault="true" Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="${escaped(acs)}"/>`,
    '  </SPSSODescriptor>',
    '</EntityDescriptor>',
    '',
  ].join('\n');
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
