/** The model that an answer says it is from, where its first bytes say so; null otherwise. Text inside the answer has its quotes escaped and cannot be taken for it. */
export function modelOf(first: Buffer): string | null {
  return MODEL.exec(first.toString('latin1', 0, BYTES_MAX))?.[1] ?? null;
}

/** Vendors say it before the answer's text. */
const BYTES_MAX = 1_024;
const MODEL = /"model"\s*:\s*"([\w.:/@-]{1,100})"/;
