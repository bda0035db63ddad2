/** The replacement of a credential's secret, and the time in which the one before counts beside it. */
import { isSameAddress } from '../../domain/tenancy/key-address.ts';
import { UnsealFailure } from '../../lib/secrets.ts';
import type { CredentialRow } from '../../store/catalogue/credentials.ts';
import { openKey, sealKey } from '../../store/sealing/key-seal.ts';
import { NO_OTHER, type OtherColumns, sealOther } from '../../store/sealing/other-secret.ts';
import type { AdminCall } from '../http/call.ts';
import type { Change } from '../http/change.ts';
import { invalid } from '../http/problem.ts';
import { KEEP_HOURS } from './credential-fields.ts';
import type { GivenSecret } from './credential-input.ts';

export type SecretPlace = Pick<CredentialRow, 'id' | 'owner' | 'provider' | 'baseUrl' | 'kind' | 'settings'>;
export type SecretColumns = Pick<CredentialRow, 'sealed' | 'sealedFor' | 'lastFour'>;

/** Seals a secret for its row and address. */
export async function sealed(
  call: AdminCall<unknown, unknown, unknown>,
  tx: Change['tx'],
  place: SecretPlace,
  { text, lastFour }: GivenSecret,
): Promise<SecretColumns> {
  return { ...(await sealKey(tx, call.deps.keys.credentials, place, text)), lastFour };
}

/**
 * Returns the columns of a row whose secret is replaced. The one before stays beside it for `keepHours`, unless it belongs to
 * another address or cannot be opened. Throws 400 if it was asked to stay and belongs to another address.
 */
export async function replaced(
  call: AdminCall<unknown, unknown, unknown>,
  { tx, now }: Pick<Change, 'tx' | 'now'>,
  row: CredentialRow,
  {
    place,
    given,
    keepHours,
  }: { readonly place: SecretPlace; readonly given: GivenSecret; readonly keepHours: number | undefined },
): Promise<SecretColumns & OtherColumns> {
  const isMoved = !isSameAddress(row, place);
  if (isMoved && (keepHours ?? 0) > 0)
    throw invalid(
      '/keep_previous_hours',
      'must be 0 for a new address: the stored secret is sent only to the address it was given for',
    );
  const columns = await sealed(call, tx, place, given);
  const hours = keepHours ?? KEEP_HOURS;
  const text = isMoved || hours === 0 ? null : storedText(call, row);
  if (text === null || text === given.text) return { ...columns, ...NO_OTHER };
  const until = new Date(now.getTime() + hours * 3_600_000);
  const beside = { ...place, sealed: columns.sealed };
  return { ...columns, ...sealOther(call.deps.keys.credentials, beside, { text, lastFour: row.lastFour, until }) };
}

/** Returns the stored secret; null if there is none, or it cannot be opened any more. */
function storedText(call: AdminCall<unknown, unknown, unknown>, row: CredentialRow): string | null {
  try {
    return openKey(call.deps.keys.credentials, row) || null;
  } catch (error) {
    if (error instanceof UnsealFailure) return null;
    throw error;
  }
}
