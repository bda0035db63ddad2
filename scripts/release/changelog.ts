// Reads and writes the entries of CHANGELOG.md. Each release says what migrates, and how long that takes at ten million requests: the
// rows of docs/migrations.md since the release before.
const UNRELEASED = '## Unreleased\n';
const MIGRATES = '### What migrates, and how long at ten million requests';
const NOTHING = 'Nothing migrates.';

/** Returns the text below the heading of a version, or null if there is none. */
export function entryOf(changelog: string, version: string): string | null {
  const lines = changelog.split('\n');
  const start = lines.findIndex((line) => line === `## ${version}` || line.startsWith(`## ${version} `));
  if (start === -1) return null;
  const end = lines.findIndex((line, at) => at > start && line.startsWith('## '));
  return lines
    .slice(start + 1, end === -1 ? undefined : end)
    .join('\n')
    .trim();
}

/** Returns the page of migrations as its heading and its rows by migration, newest first. */
function tableOf(page: string): { readonly head: string; readonly rows: ReadonlyMap<string, string> } {
  const lines = page.split('\n');
  const head = lines.filter((line) => /^\| migration |^\|-/.test(line)).join('\n');
  const rows = lines.flatMap((line) => {
    const name = /^\| `(\w+)` \|/.exec(line)?.[1];
    return name === undefined ? [] : [[name, line] as const];
  });
  return { head, rows: new Map(rows) };
}

/** Returns what is missing in an entry, one sentence each. `before`: the migrations of the release before. */
export function entryProblems(entry: string, page: string, before: ReadonlySet<string>): string[] {
  const section = entry.split(MIGRATES)[1];
  if (section === undefined) return [`the entry has no section "${MIGRATES.slice(4)}"`];
  const [changes = ''] = entry.split(MIGRATES);
  const empty = changes.trim() === '' ? ['the entry names no change'] : [];
  const due = [...tableOf(page).rows].filter(([name]) => !before.has(name));
  if (due.length === 0 && !section.includes(NOTHING))
    return [...empty, `nothing migrates, and the entry does not say "${NOTHING}"`];
  const lines = new Set(section.split('\n'));
  const missing = due
    .filter(([, row]) => !lines.has(row))
    .map(([name]) => `the entry lacks the row of ${name} as docs/migrations.md has it`);
  return [...empty, ...missing];
}

/** Returns the changelog with the unreleased changes under a version and a date, or why that cannot be. */
export function releasedChangelog(
  changelog: string,
  { version, date, page, before }: { version: string; date: string; page: string; before: ReadonlySet<string> },
): string | { readonly problem: string } {
  if (entryOf(changelog, version) !== null) return { problem: `CHANGELOG.md has an entry for ${version} already` };
  const start = changelog.indexOf(UNRELEASED);
  const rest = start === -1 ? '' : changelog.slice(start + UNRELEASED.length);
  const end = rest.search(/^## /m);
  const changes = (end === -1 ? rest : rest.slice(0, end)).trim();
  if (changes === '') return { problem: 'CHANGELOG.md has no unreleased changes' };
  const { head, rows } = tableOf(page);
  const due = [...rows].filter(([name]) => !before.has(name)).map(([, row]) => row);
  const migrates = due.length === 0 ? NOTHING : [head, ...due].join('\n');
  const entry = `## ${version} – ${date}\n\n${changes}\n\n${MIGRATES}\n\n${migrates}\n`;
  const older = end === -1 ? '' : `\n${rest.slice(end)}`;
  return `${changelog.slice(0, start)}${UNRELEASED}\n${entry}${older}`;
}
