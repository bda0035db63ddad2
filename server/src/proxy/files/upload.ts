/** The upload of a file: its form, and its content, which is checked and stored as it is read. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { placeOf } from '../../domain/tenancy/stored-responses.ts';
import type { Caller } from '../../domain/tenancy/tenancy.ts';
import type { FormFields, FormFile, SpooledForm } from '../../lib/spool/spooled-form.ts';
import { invalidRequest } from '../refusal.ts';
import { contentOf } from '../spool/form-of.ts';
import { FileCheck } from './file-check.ts';
import type { FileStore, StoredFile } from './file-store.ts';

/** The facts of an upload that do not depend on the organization. */
export interface UploadOptions {
  readonly files: FileStore;
  readonly nowMs: number;
}

/** The bytes that one turn of the event loop checks. A thousand short lines take some milliseconds. */
const TURN_BYTES = 65_536;

/** Stores a file. Throws a refusal if the form or the file is not one that batches take; then nothing of it is left. */
export async function upload(caller: Caller, form: SpooledForm, { files, nowMs }: UploadOptions): Promise<StoredFile> {
  const file = fileIn(form);
  const expiresAt = new Date(nowMs + Math.min(files.keptMs, lifeOf(form.fields) ?? files.keptMs));
  const writer = await files.begin(caller.organization, {
    place: placeOf(caller),
    purpose: 'batch',
    filename: file.filename,
    expiresAt,
  });
  try {
    const check = new FileCheck();
    for await (const part of contentOf(file)) {
      for (let from = 0; from < part.length; from += TURN_BYTES) {
        const some = part.subarray(from, from + TURN_BYTES);
        check.push(some);
        await writer.write(some);
        await nextTurn();
      }
    }
    return await writer.finish(check.end());
  } catch (error) {
    await writer.abandon();
    throw error;
  }
}

const FIELDS: ReadonlySet<string> = new Set(['purpose', 'expires_after[anchor]', 'expires_after[seconds]']);

function fileIn({ fields, files }: SpooledForm): FormFile {
  for (const name of Object.keys(fields)) if (!FIELDS.has(name)) throw invalidRequest(`${name} is no field of a file.`, name);
  const { purpose } = fields;
  if (purpose !== 'batch')
    throw invalidRequest(
      purpose === undefined
        ? 'purpose is missing. This gateway keeps files of the purpose "batch".'
        : 'This gateway keeps files of the purpose "batch" only.',
      'purpose',
    );
  const [file] = files;
  if (file === undefined || files.length !== 1 || file.field !== 'file')
    throw invalidRequest('The form must have one file, in the field `file`.', 'file');
  return file;
}

const SECONDS_MIN = 3_600;
const SECONDS_MAX = 2_592_000;

/** Returns the time for which the upload asks, in milliseconds; null if it asks for none. */
function lifeOf(fields: FormFields): number | null {
  const [anchor, seconds] = [fields['expires_after[anchor]'], fields['expires_after[seconds]']];
  if (anchor === undefined && seconds === undefined) return null;
  if (anchor !== 'created_at') throw invalidRequest('expires_after[anchor] must be "created_at".', 'expires_after[anchor]');
  const number = typeof seconds === 'string' && /^\d{1,9}$/.test(seconds) ? Number(seconds) : 0;
  if (number < SECONDS_MIN || number > SECONDS_MAX)
    throw invalidRequest(
      `expires_after[seconds] must be a whole number from ${SECONDS_MIN} to ${SECONDS_MAX}.`,
      'expires_after[seconds]',
    );
  return number * 1_000;
}
