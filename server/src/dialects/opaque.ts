import { ISSUERS, type Issuer, type Opaque } from './neutral.ts';

const MARK = 'headgate.';

/**
 * Returns an opaque value as a client sees it in a field that belongs to `home`: unchanged if `home` issued it, else marked with
 * its issuer. The client returns it unchanged.
 */
export function opaqueText({ issuer, data }: Opaque, home: Issuer | null): string {
  return issuer === home ? data : `${MARK}${issuer}.${data}`;
}

/** Reads such a text. Text without a mark was issued by `home`; null if the field belongs to nobody. */
export function opaqueOf(text: string, home: Issuer | null): Opaque | null {
  if (!text.startsWith(MARK)) return home === null ? null : { issuer: home, data: text };
  const end = text.indexOf('.', MARK.length);
  const issuer = ISSUERS.find((one) => one === text.slice(MARK.length, end));
  return issuer === undefined ? null : { issuer, data: text.slice(end + 1) };
}
