/** Our own names at an identity provider. */
export interface Places {
  /** Our entity id. It is also the address of our metadata. */
  readonly entityId: string;
  /** The address that responses are posted to (assertion consumer service). */
  readonly acs: string;
}

export function placesOf(publicUrl: string, providerId: string): Places {
  const base = `${publicUrl.replace(/\/+$/, '')}/api/v1/sso/${providerId}`;
  return { entityId: `${base}/metadata`, acs: `${base}/acs` };
}
