import { join } from 'node:path';
import type { Machine } from '../login/config-directory.ts';
import { type Agent, isSecret, type Target } from './agent.ts';
import { readEnv, setEnv } from './env-edits.ts';
import { setJson } from './json-edits.ts';
import { textAt } from './json-settings.ts';

/** A variable with this name is replaced by the one that `headgate run` sets. */
const KEYS = ['GEMINI_API_KEY'];

/** Gemini CLI: `settings.json` for the kind of sign-in, and `.env` for the address. The token comes from `headgate run`. */
export const GEMINI: Agent = {
  name: 'gemini',
  title: 'Gemini CLI',
  start: 'Start it with a token: headgate run gemini',
  files: (machine) => [
    {
      path: join(folderOf(machine), 'settings.json'),
      edit: (text) => ({
        form: 'json',
        ...setJson(text, [{ path: ['security', 'auth', 'selectedType'], value: 'gemini-api-key' }]),
      }),
    },
    { path: envFile(machine), edit: (text, target) => ({ form: 'lines', ...setEnv(text, 'gemini', variables(target), KEYS) }) },
  ],
  pointed: (machine, read) => {
    const set = readEnv(read(envFile(machine)) ?? '');
    const base = set.find(({ name }) => name === 'GOOGLE_GEMINI_BASE_URL');
    const kind = textAt(read(join(folderOf(machine), 'settings.json')), ['security', 'auth', 'selectedType']);
    const keys = set.some(({ name }) => KEYS.includes(name));
    return { url: base?.value ?? null, byLogin: base !== undefined && kind === 'gemini-api-key' && !keys };
  },
  longLived: (machine, read) => {
    const file = envFile(machine);
    const found = readEnv(read(file) ?? '').filter(({ name, value }) => KEYS.includes(name) && isSecret(value));
    return found.map(({ name }) => ({ file, place: name, isReplaced: true }));
  },
};

function folderOf({ env, home }: Machine): string {
  return join(env.GEMINI_CLI_HOME || home, '.gemini');
}

function envFile(machine: Machine): string {
  return join(folderOf(machine), '.env');
}

function variables({ url, model }: Target): Readonly<Record<string, string>> {
  return { GOOGLE_GEMINI_BASE_URL: url, ...(model === null ? {} : { GEMINI_MODEL: model }) };
}
