/** Finds one request in the archives of a folder. */
import { requestTimeMs } from '../../lib/id.ts';
import { listManifests, rowsOfArchive } from './archive-files.ts';
import type { Manifest } from './archive-format.ts';
import type { CsvCell } from './csv-rows.ts';

/** A request as its archive has it: its cells by column. */
export interface FoundRequest {
  readonly archive: string;
  readonly request: Readonly<Record<string, unknown>>;
}

/**
 * Returns the request with this id; null if no archive has it. The archives of the month in the id are read first. One of many
 * refusals that share a row is found by its own id too.
 */
export async function findRequest(folder: string, id: string): Promise<FoundRequest | null> {
  const atMs = requestTimeMs(id);
  const month = atMs === null ? '' : new Date(atMs).toISOString().slice(0, 7);
  const manifests = await listManifests(folder);
  const ofMonth = manifests.filter((manifest) => manifest.month === month);
  for (const manifest of [...ofMonth, ...manifests.filter((other) => other.month !== month)]) {
    const row = await rowOf(folder, manifest, id);
    if (row !== null) return { archive: manifest.name, request: namedCells(manifest, row) };
  }
  return null;
}

async function rowOf(folder: string, manifest: Manifest, id: string): Promise<readonly CsvCell[] | null> {
  const own = manifest.columns.indexOf('request_id');
  const repeats = manifest.columns.indexOf('repeat_ids');
  for await (const rows of rowsOfArchive(folder, manifest)) {
    const found = rows.find((row) => row[own] === id || row[repeats]?.includes(`"${id}"`));
    if (found !== undefined) return found;
  }
  return null;
}

const JSON_COLUMNS: ReadonlySet<string> = new Set(['other_usage', 'repeat_ids', 'tags']);

/** Returns the cells of a row by column, lists and objects as such. Everything else stays the text that the file has. */
export function namedCells({ columns }: Pick<Manifest, 'columns'>, row: readonly CsvCell[]): Record<string, unknown> {
  return Object.fromEntries(
    columns.map((name, place) => {
      const cell = row[place] ?? null;
      return [name, cell !== null && JSON_COLUMNS.has(name) ? (JSON.parse(cell) as unknown) : cell];
    }),
  );
}
