import { join } from 'node:path';
import { type Agent, isSecret, type Target } from './agent.ts';
import { readEnv, setEnv } from './env-edits.ts';
import { setJson } from './json-edits.ts';
import { textAt } from './json-settings.ts';

interface Place {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
}

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
    const base = readEnv(read(envFile(machine)) ?? '').find(({ name }) => name === 'GOOGLE_GEMINI_BASE_URL');
    const kind = textAt(read(join(folderOf(machine), 'settings.json')), ['security', 'auth', 'selectedType']);
    const keys = readEnv(read(envFile(machine)) ?? '').some(({ name }) => KEYS.includes(name));
    return { url: base?.value ?? null, byLogin: base !== undefined && kind === 'gemini-api-key' && !keys };
  },
  longLived: (machine, read) => {
    const file = envFile(machine);
    const found = readEnv(read(file) ?? '').filter(({ name, value }) => KEYS.includes(name) && isSecret(value));
    return found.map(({ name }) => ({ file, place: name, isReplaced: true }));
  },
};

function folderOf({ env, home }: Place): string {
  return join(env.GEMINI_CLI_HOME || home, '.gemini');
}

function envFile(place: Place): string {
  return join(folderOf(place), '.env');
}

function variables({ url, model }: Target): Readonly<Record<string, string>> {
  return { GOOGLE_GEMINI_BASE_URL: url, ...(model === null ? {} : { GEMINI_MODEL: model }) };
}
