import { type Json, search } from '../api.ts';
import type { Command, Given, Session } from '../command.ts';
import { jsonObjectIn } from '../given-files.ts';
import { BadUsage } from '../outcome.ts';
import { type Column, printJson, printNext, printObject, printRows, textOf } from '../print.ts';
import { organizationId } from './organizations.ts';

/** The settings that Claude Code fetches: those of an organization, and of a team. */

const PLACE_FLAGS = [
  { name: 'organization', value: 'id or slug', about: 'the settings of this organization, which win over those of its teams' },
  { name: 'team', value: 'id', about: 'the settings of this team' },
] as const;

const RISKY: readonly Column[] = [
  ['part', (row) => row.path],
  ['it', (row) => riskOf(row)],
];

const STORED: readonly Column[] = [
  ['fields', (row) => Object.keys((row.settings ?? {}) as Json).sort()],
  ['look twice at', (row) => riskTexts(row)],
  ['changed', (row) => row.updated_at],
  ['by', (row) => row.updated_by],
];

const show: Command = {
  words: ['managed-settings', 'show'],
  summary: 'print the managed settings of Claude Code that an organization or a team has, as a file that set takes',
  flags: PLACE_FLAGS,
  run: async (given, session) => {
    const stored = await session.api.get(await pathOf(given, session));
    if (session.isJson) return printJson(session, stored);
    if (stored.settings === null) return session.note('No managed settings are set here.');
    session.print(shown(stored.settings));
    for (const text of riskTexts(stored)) session.note(`Look twice at ${text}.`);
  },
};

const set: Command = {
  words: ['managed-settings', 'set'],
  summary: 'replace the managed settings of Claude Code of an organization or a team',
  flags: [
    ...PLACE_FLAGS,
    { name: 'file', value: 'file', about: 'the content of managed-settings.json; - is standard input (required)' },
    { name: 'dry-run', value: null, about: 'change nothing, and say what changes and which added parts run programs' },
  ],
  notes: ['Whoever is logged in gets them at the next fetch, about once an hour.'],
  run: async (given, session) => {
    const settings = jsonObjectIn(given, 'file');
    const isTried = given.has('dry-run');
    const path = (await pathOf(given, session)) + search({ dry_run: isTried ? 'true' : undefined });
    const answer = await session.api.send('PUT', path, { settings });
    if (isTried) printEffect(session, answer);
    else printObject(session, answer, STORED);
  },
};

const remove: Command = {
  words: ['managed-settings', 'delete'],
  summary: 'delete the managed settings of an organization or a team; machines keep them until their next fetch',
  flags: PLACE_FLAGS,
  run: async (given, session) => {
    await session.api.send('DELETE', await pathOf(given, session));
    session.note('The managed settings were deleted.');
  },
};

export const managedSettingsCommands: readonly Command[] = [show, set, remove];

/** Prints the parts that a change would add and that should be looked at twice, and says which fields it would change. */
function printEffect(session: Session, answer: Json): void {
  if (session.isJson) {
    printJson(session, answer);
    return;
  }
  const { risky_added: risky, fields_changed: fields } = answer.effect as Json;
  printRows(session, answer, risky as readonly Json[], RISKY);
  const names = (fields as readonly string[]).map(textOf);
  printNext(session, names.length === 0 ? 'Nothing would change.' : `These fields would change: ${names.join(', ')}.`);
}

const RISKS: Readonly<Record<string, string>> = {
  runs_command: 'runs programs on people’s machines',
  sets_environment: 'sets the environment',
  loosens_permissions: 'loosens permissions',
};

function riskOf({ why }: Json): string {
  return RISKS[String(why)] ?? String(why);
}

function riskTexts(stored: Json): readonly string[] {
  return (stored.risky as readonly Json[]).map((part) => `${textOf(part.path)} (${riskOf(part)})`);
}

/** Returns JSON without the control characters that it allows as they are, and that a terminal obeys. */
function shown(settings: unknown): string {
  const escaped = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return JSON.stringify(settings, null, 2).replaceAll(/[\u007f-\u009f]/g, escaped);
}

async function pathOf(given: Given, session: Session): Promise<string> {
  const [organization, team] = [given.flag('organization'), given.flag('team')];
  if ((organization === undefined) === (team === undefined)) throw new BadUsage('Name --organization or --team, and not both.');
  const place =
    organization === undefined
      ? `/teams/${encodeURIComponent(given.required('team'))}`
      : `/organizations/${await organizationId(session.api, given.required('organization'))}`;
  return `${place}/managed-settings`;
}
