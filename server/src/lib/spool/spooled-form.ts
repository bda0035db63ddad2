/**
 * A form with files (`multipart/form-data`) that was read as it arrived. Its texts are in memory and its files in the spool.
 *
 * How an endpoint uses it. At a path that `formBytesMaxAt` of proxy/spool/form-paths.ts names, a form that is larger than
 * `FORM_BYTES_IN_MEMORY_MAX` or has no declared length arrives as `request.form`, and `request.body` is empty. A smaller form
 * arrives in `request.body` as any body. `formOf(request)` of proxy/spool/form-of.ts returns either in this form, and throws a
 * refusal if it cannot be read. Read a file with `for await (const piece of contentOf(file))`: the pieces have at most 64 KiB,
 * and each reading begins anew. Nothing is read ahead, so a slow reader slows only itself.
 *
 * The listener closes the form when the request's answer ended or its client hung up. `close` may be called earlier, and again.
 * A reading that goes on after that rejects.
 */
import type { StreamedBytes } from '../pieces.ts';

/** A file of a form. Its name is no path, whatever the client sent. */
export interface FormFile<Content = Buffer | StreamedBytes> {
  /** The name of its part. */
  readonly field: string;
  readonly filename: string;
  readonly contentType: string;
  /** The content; `bytes.length` is its size. */
  readonly bytes: Content;
}

/** The texts of a form by name. Only a name that ends with `[]` may come several times, and has a list. */
export type FormFields = Readonly<Record<string, string | readonly string[]>>;

export interface SpooledForm {
  readonly fields: FormFields;
  readonly files: readonly FormFile[];
  /** The number of bytes of the body that it was read from. */
  readonly length: number;
  /** Frees the disk that its files take. */
  close(): void;
}
