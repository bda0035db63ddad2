import { words } from './words.ts';

/** A list of prices that was read from a file. */
interface ListFile {
  readonly name: string;
  readonly entries: number;
  readonly prices: Record<string, unknown>;
  /** Tells two readings apart. */
  readonly readAt: number;
}

/** An import as the person entered it. */
export interface ImportDraft {
  file: ListFile | null;
  name: string;
  version: string;
  publishedOn: string;
  deployments: 'keep' | 'unpriced' | 'all';
}

export const NEW_IMPORT: ImportDraft = { file: null, name: 'LiteLLM', version: '', publishedOn: '', deployments: 'keep' };

const FILE_BYTES_MAX = 4_000_000;

/** Reads a file. Returns the reason if it is no list of prices. */
export async function readFile(file: File): Promise<ListFile | string> {
  if (file.size > FILE_BYTES_MAX) return words.fileTooLong;
  let prices: unknown;
  try {
    prices = JSON.parse(await file.text());
  } catch {
    return words.fileNoJson;
  }
  if (typeof prices !== 'object' || prices === null || Array.isArray(prices)) return words.fileNoList;
  const entries = Object.keys(prices).length;
  return { name: file.name, entries, prices: prices as Record<string, unknown>, readAt: Date.now() };
}

export function importFaults({ file, name, version }: ImportDraft): Record<string, string | null> {
  return {
    file: file === null ? words.chooseFirst : null,
    name: name.trim() === '' ? words.enterListName : null,
    version: version.trim() === '' ? words.enterVersion : null,
  };
}

/** Reports whether there is something to try. */
export function isReady(draft: ImportDraft): boolean {
  return Object.values(importFaults(draft)).every((fault) => fault === null);
}

/** Returns the body of the request. */
export function bodyOf({ file, name, version, publishedOn, deployments }: ImportDraft) {
  return {
    name: name.trim(),
    version: version.trim(),
    published_on: publishedOn === '' ? null : publishedOn,
    deployments,
    prices: file?.prices ?? {},
  };
}
