/** The configuration of a SAML identity provider: from the address of its metadata, from pasted metadata, or field by field. */
import { z } from 'zod';
import { isLoopback } from '../loopback.ts';
import { ConfigProblem } from '../protocol-problems.ts';
import { dayOf, readCertificate, type SigningCertificate, shortFingerprint } from './certificates.ts';
import { readMetadata } from './metadata.ts';
import { NAME_ID_FORMATS, type NameIdForm } from './words.ts';

const NAME_ID_FORMS = Object.keys(NAME_ID_FORMATS) as [NameIdForm, ...NameIdForm[]];
const CERTIFICATES_MAX = 10;
const attributeName = z.string().trim().min(1).max(256).nullish();

const Given = z.strictObject({
  metadata_url: z.string().trim().max(2_048).nullish(),
  metadata_xml: z.string().max(1_048_576).nullish(),
  entity_id: z.string().trim().max(1_024).nullish(),
  sso_url: z.string().trim().max(2_048).nullish(),
  certificates: z.array(z.string().max(16_384)).max(CERTIFICATES_MAX).nullish(),
  name_id: z.enum(NAME_ID_FORMS).nullish(),
  attributes: z.strictObject({ email: attributeName, name: attributeName }).nullish(),
});
type Given = z.infer<typeof Given>;

/** The stored configuration. `certificates` are those of the last save; what counts now is in the store. */
export interface SamlConfig {
  readonly entity_id: string;
  readonly sso_url: string;
  readonly metadata_url: string | null;
  readonly certificates: readonly string[];
  readonly name_id: NameIdForm;
  /** The names of attributes; null: the usual ones. */
  readonly attributes: { readonly email: string | null; readonly name: string | null };
}

export interface ConfigSource {
  readonly nowMs: number;
  /** Returns why our server may not call the address; null if it may. */
  checkUrl(url: string): string | null;
  /** Reads the document at an address. Rejects with ProviderUnreachable. */
  fetchDocument(url: string): Promise<string>;
}

/** Completes what a person gave. Rejects with ConfigProblem, or with ProviderUnreachable if the metadata cannot be fetched. */
export async function readSamlConfig(config: unknown, source: ConfigSource): Promise<SamlConfig> {
  const parsed = Given.safeParse(config);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new ConfigProblem(`/${(issue?.path ?? []).join('/')}`, issue?.message ?? 'is not valid');
  }
  const given = parsed.data;
  const found = await fromMetadata(given, source);
  const entityId = given.entity_id || found?.entityId;
  if (!entityId) throw new ConfigProblem('/entity_id', 'enter the entity id (issuer) of the identity provider, or its metadata');
  if (found !== null && found.entityId !== entityId)
    throw new ConfigProblem('/entity_id', `is ${entityId}, but the metadata is of ${found.entityId}`);
  const ssoUrl = found?.ssoUrl ?? given.sso_url;
  if (!ssoUrl)
    throw new ConfigProblem('/sso_url', 'enter the sign-in URL (HTTP-Redirect) of the identity provider, or its metadata');
  const problem = browserUrlProblem(ssoUrl);
  if (problem !== null) throw new ConfigProblem('/sso_url', problem);
  const certificates = usableCertificates(found?.certificates ?? given.certificates ?? [], source.nowMs);
  return {
    entity_id: entityId,
    sso_url: ssoUrl,
    metadata_url: given.metadata_url || null,
    certificates: certificates.map(({ pem }) => pem),
    name_id: given.name_id ?? 'persistent',
    attributes: { email: given.attributes?.email ?? null, name: given.attributes?.name ?? null },
  };
}

async function fromMetadata(given: Given, source: ConfigSource) {
  const { metadata_url: url, metadata_xml: pasted } = given;
  if (url && pasted) throw new ConfigProblem('/metadata_xml', 'give either the address of the metadata or the metadata itself');
  const pointer = url ? '/metadata_url' : '/metadata_xml';
  if (!url && !pasted) return null;
  if (url) {
    const problem = source.checkUrl(url);
    if (problem !== null) throw new ConfigProblem(pointer, problem);
  }
  const outcome = readMetadata(url ? await source.fetchDocument(url) : (pasted as string), given.entity_id || null);
  if (outcome.is === 'refused') throw new ConfigProblem(pointer, outcome.words);
  return outcome.metadata;
}

/** Returns the certificates, each once. Throws ConfigProblem if one cannot be used, or if all have expired. */
function usableCertificates(texts: readonly string[], nowMs: number): readonly SigningCertificate[] {
  const found = new Map<string, SigningCertificate>();
  for (const [at, text] of texts.entries()) {
    const outcome = readCertificate(text);
    if (outcome.is === 'refused') throw new ConfigProblem(`/certificates/${at}`, `certificate ${at + 1} ${outcome.words}`);
    found.set(outcome.certificate.id, outcome.certificate);
  }
  const all = [...found.values()];
  if (all.length === 0) throw new ConfigProblem('/certificates', 'add the certificate by which the identity provider signs');
  const [first] = all;
  if (all.every(({ notAfterMs }) => notAfterMs <= nowMs) && first !== undefined)
    throw new ConfigProblem(
      '/certificates',
      `the certificate ${shortFingerprint(first.id)} expired on ${dayOf(first.notAfterMs)}: add the one that the identity provider signs with now`,
    );
  return all;
}

/** Returns what is wrong with an address that browsers are sent to; null if nothing is. */
function browserUrlProblem(text: string): string | null {
  if (!URL.canParse(text)) return 'must be a valid URL';
  const { protocol, hostname, username, password, hash } = new URL(text);
  if (protocol !== 'https:' && !(protocol === 'http:' && isLoopback(hostname))) return 'must begin with https://';
  if (username !== '' || password !== '') return 'must not contain a user name or password';
  return hash === '' ? null : 'must not have a fragment';
}
