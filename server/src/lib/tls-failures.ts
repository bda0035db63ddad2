/** Messages by the code of Node's TLS, for an operator. No waiting mends them. */
const BY_CODE: Readonly<Record<string, (ca: string) => string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: (ca) => `nobody known signed the certificate of the server. Give its CA with ${ca}.`,
  SELF_SIGNED_CERT_IN_CHAIN: unknownCa,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: unknownCa,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: unknownCa,
  CERT_SIGNATURE_FAILURE: (ca) => `another CA than that of ${ca} signed the certificate of the server. Give the right one.`,
  CERT_HAS_EXPIRED: () => 'the certificate of the server has expired. Renew it.',
  CERT_NOT_YET_VALID: () => 'the certificate of the server is not valid yet. Check both clocks.',
  ERR_TLS_CERT_ALTNAME_INVALID: () => 'the certificate of the server is for another host name. Use one of its names in the URL.',
};

function unknownCa(ca: string): string {
  return `the CA of the certificate is not known. Give it with ${ca}.`;
}

/** Returns what is wrong with a server's certificate, and what to do; null for any other error. `ca`: the setting that gives a CA. */
export function tlsFailure(error: unknown, ca: string): string | null {
  return BY_CODE[String(Object(error).code)]?.(ca) ?? null;
}
