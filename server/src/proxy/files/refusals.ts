/** The refusals of requests about files. */
import { hasFiles } from '../../domain/tenancy/files.ts';
import type { Caller } from '../../domain/tenancy/tenancy.ts';
import { isStoreUnavailable } from '../../store/errors.ts';
import { invalidRequest, Refusal, serviceUnavailable } from '../refusal.ts';
import { FileGone, NoContentKey, NoRoomForFile } from './file-store.ts';

const OFF = 'This organization does not allow files and batches (batches is off).';
const ID_CHARS_SHOWN = 100;

/** Throws if the caller's organization does not allow files and batches. */
export function checkAllowed(caller: Caller): void {
  if (!hasFiles(caller)) throw invalidRequest(`${OFF} An admin of the organization can turn them on.`);
}

/** Returns the refusal of a file. The same for an id that is unknown, of others, or a provider's. */
export function fileNotFound(caller: Caller, id: string): Refusal {
  const shown = id.length <= ID_CHARS_SHOWN ? id : `${id.slice(0, ID_CHARS_SHOWN)}…`;
  return new Refusal('not_found', `No such File object: ${shown}.${hasFiles(caller) ? '' : ` ${OFF}`}`, { param: 'id' });
}

/** Returns the refusal for an error of the store of files; any other error as it is. */
export function fileRefusal(error: unknown): unknown {
  if (error instanceof NoRoomForFile) return noRoom(error);
  if (error instanceof FileGone)
    return invalidRequest('The file took too long to arrive, or was deleted meanwhile. Send it again.', 'file');
  if (error instanceof NoContentKey)
    return serviceUnavailable('Nothing can be stored or read, because the key of stored content was destroyed.');
  if (isStoreUnavailable(error))
    return serviceUnavailable(
      'Files cannot be stored or read right now, because the database cannot be reached. Try again soon.',
    );
  return error;
}

function noRoom({ what, max }: NoRoomForFile): Refusal {
  const setting = what === 'bytes' ? ' (HEADGATE_FILES_BYTES_MAX)' : '';
  return new Refusal(
    'request_too_large',
    `This organization may have ${max} ${what === 'bytes' ? 'bytes of files' : 'files'}${setting}, and this file is beyond that. Delete files, or let them expire.`,
    { param: 'file' },
  );
}
