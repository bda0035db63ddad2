/** The inputs of a call that is no conversation, and what a person put into them. */

export interface Field {
  /** The name in the body of the request. */
  readonly name: string;
  /** `lines`: a list with one entry in each line. `choice`: a text with suggestions. */
  readonly is: 'text' | 'lines' | 'number' | 'choice' | 'file' | 'files';
  readonly isMain?: true;
  readonly isRequired?: true;
  readonly choices?: readonly string[];
  /** The value of an input that nobody changed. */
  readonly initial?: string;
  readonly max?: number;
  /** The types of files that are offered. */
  readonly accept?: string;
}

/** A file that was chosen. */
export interface Upload {
  readonly name: string;
  readonly type: string;
  readonly bytes: number;
  /** The content in base64. */
  readonly data: string;
}

export type DraftValue = string | number | readonly Upload[];
export type Draft = Readonly<Record<string, DraftValue | undefined>>;

/** The most bytes of all files of a call. In base64 they fit into a body of the admin API. */
export const UPLOAD_BYTES_MAX = 3_000_000;

/** Returns the lines of a text that are not empty. */
export function lines(text: string): readonly string[] {
  return text.split('\n').filter((line) => line.trim() !== '');
}

/** Reports whether every field that is required has a value. */
export function isComplete(fields: readonly Field[], draft: Draft): boolean {
  return fields.every(({ name, isRequired, initial }) => {
    const value = draft[name] ?? initial ?? '';
    return isRequired !== true || (Array.isArray(value) ? value.length > 0 : String(value).trim() !== '');
  });
}

/** Returns the files of a draft, each with the name of its field. */
export function uploadsOf(fields: readonly Field[], draft: Draft): readonly (Upload & { readonly field: string })[] {
  return fields.flatMap(({ name: field }) => {
    const value = draft[field];
    return Array.isArray(value) ? (value as readonly Upload[]).map((upload) => ({ ...upload, field })) : [];
  });
}

/** Reads a file. Rejects if the browser cannot. */
export function readUpload(file: File): Promise<Upload> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onerror = () => reject(reader.error ?? new Error('the file cannot be read'));
    reader.onload = () => {
      const address = String(reader.result);
      // An empty file has an address without a comma.
      const data = address.includes(',') ? address.slice(address.indexOf(',') + 1) : '';
      resolve({ name: file.name, type: typeOf(file), bytes: file.size, data });
    };
    reader.readAsDataURL(file);
  });
}

function typeOf({ type }: File): string {
  const [plain = ''] = type.split(';');
  return /^[\w.+-]{1,49}\/[\w.+-]{1,49}$/.test(plain) ? plain : 'application/octet-stream';
}
