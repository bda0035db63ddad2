import { Problem } from './client.ts';

/** Saves an export of the admin API as a file. `path` is below /api/v1, with its query. Throws a Problem on failure. */
export async function download(path: string, fileName: string): Promise<void> {
  const response = await fetch(`/api/v1${path}`).catch(() => {
    throw new Problem(0, 'The gateway cannot be reached. Nothing was saved. Try again.');
  });
  if (!response.ok) throw await problemOf(response);
  const file = await response.blob().catch(() => {
    throw new Problem(0, 'The export ended before it was complete. Nothing was saved. Try again.');
  });
  const address = URL.createObjectURL(file);
  const link = document.createElement('a');
  link.href = address;
  link.download = fileName;
  link.click();
  // After the click the browser has its own copy of the data.
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

/** Returns a file name with today's date, such as `usage-2026-11-25.csv`. */
export function exportName(what: string, ending: string): string {
  return `${what}-${new Date().toISOString().slice(0, 10)}.${ending}`;
}

async function problemOf(response: Response): Promise<Problem> {
  const said = (await response.json().catch(() => ({}))) as { detail?: string; title?: string };
  return new Problem(
    response.status,
    said.detail ?? said.title ?? `The gateway answered with status ${response.status}. Nothing was saved.`,
  );
}
