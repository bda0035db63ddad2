/**
 * The secret that a rotation replaced, kept for a while beside the new one.
 *
 * It is sealed for its address, its end, and the sealed bytes of the secret that replaced it. So it opens only beside that one: a
 * replica of an earlier version, which knows one secret, replaces it and leaves the other in the row. From then on the other opens
 * no more and is not used. Nobody who writes to the database can extend its time either.
 */
import { createHash } from 'node:crypto';
import { type KeyPlace, keyAddress } from '../../domain/tenancy/key-address.ts';
import { open, seal, UnsealFailure } from '../../lib/secrets.ts';
import type { CredentialRow } from '../catalogue/credentials.ts';

type Place = KeyPlace & Pick<CredentialRow, 'id'>;
/** The columns of the other secret. */
export type OtherColumns = Pick<CredentialRow, 'otherSealed' | 'otherLastFour' | 'otherUntil'>;

export const NO_OTHER: OtherColumns = { otherSealed: null, otherLastFour: '', otherUntil: null };

/** Seals a secret as the other one of a row. `sealed`: the row's own secret as it is stored with it. */
export function sealOther(
  dataKey: Buffer,
  place: Place & { readonly sealed: Buffer | null },
  other: { readonly text: string; readonly lastFour: string; readonly until: Date },
): OtherColumns {
  const { text, lastFour: otherLastFour, until: otherUntil } = other;
  return { otherSealed: seal(dataKey, text, aadOf({ ...place, otherUntil })), otherLastFour, otherUntil };
}

/** Returns the text of a row's other secret. Null if there is none, its time is over, or it belongs beside another secret. */
export function openOther(
  dataKey: Buffer,
  row: Place & Pick<CredentialRow, 'sealed'> & OtherColumns,
  nowMs: number,
): { readonly text: string; readonly untilMs: number } | null {
  const { otherSealed, otherUntil } = row;
  if (otherSealed === null || otherUntil === null || otherUntil.getTime() <= nowMs) return null;
  try {
    return { text: open(dataKey, otherSealed, aadOf({ ...row, otherUntil })).toString(), untilMs: otherUntil.getTime() };
  } catch (error) {
    // The secret itself still serves, so this is no reason to stop.
    if (error instanceof UnsealFailure) return null;
    throw error;
  }
}

function aadOf(row: Place & { readonly sealed: Buffer | null; readonly otherUntil: Date }): string {
  const beside = createHash('sha256')
    .update(row.sealed ?? '')
    .digest('hex');
  return `credential ${row.id} ${keyAddress(row)} until ${row.otherUntil.getTime()} beside ${beside}`;
}
