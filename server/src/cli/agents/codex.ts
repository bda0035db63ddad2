import { join } from 'node:path';
import type { Machine } from '../login/config-directory.ts';
import { type Agent, HELPER_MS, type LongLived, type ReadText, type Target } from './agent.ts';
import { Unfit } from './edits.ts';
import { settingAt } from './json-settings.ts';
import { readToml, type Statement, setToml, valueAt, type WantedToml } from './toml-edits.ts';

const UNDER = ['model_providers', 'headgate'] as const;
/** Codex waits this long for its helper, which may have to reach the gateway. */
const HELPER_WAIT_MS = 20_000;
/** Keys of a provider that exclude a helper, or hold a secret. */
const DROPPED = ['env_key', 'env_key_instructions', 'experimental_bearer_token', 'requires_openai_auth'];

/** Codex: `config.toml`, with a provider of its own whose tokens come from a command. */
export const CODEX: Agent = {
  name: 'codex',
  title: 'Codex',
  start: 'Start it as usual: codex',
  files: (machine) => [
    { path: fileOf(machine), edit: (text, target) => ({ form: 'lines', ...setToml(text, 'codex', wanted(text, target)) }) },
  ],
  pointed: (machine, read) => {
    const statements = statementsOf(read(fileOf(machine)));
    const chosen = stringAt(statements, ['model_provider']);
    const base = chosen === null ? null : stringAt(statements, ['model_providers', chosen, 'base_url']);
    const args = chosen === null ? null : valueAt(statements, ['model_providers', chosen, 'auth', 'args']);
    return { url: base?.replace(/\/v1\/?$/, '') ?? null, byLogin: args !== null && /"token"/.test(args) };
  },
  longLived: (machine, read) => [...tokensIn(fileOf(machine), read), ...keyOfCodex(machine, read)],
  hint: ({ path, text }) =>
    stringAt(statementsOf(text), ['web_search']) === 'disabled'
      ? null
      : `Codex may search the web. Under a budget that blocks, such a request is refused unless searches have a price. Then set this at the top of ${path}: web_search = "disabled"`,
};

function folderOf({ env, home }: Machine): string {
  return env.CODEX_HOME || join(home, '.codex');
}

function fileOf(machine: Machine): string {
  return join(folderOf(machine), 'config.toml');
}

function wanted(text: string, { url, model, models, tokenCommand: [command, ...args] }: Target): WantedToml {
  const named = valueAt(readToml(text), ['model']) !== null;
  if (model === null && !named) throw new Unfit(`Codex needs a model. Name one with --model${listed(models)}`);
  return {
    top: { ...(model === null ? {} : { model: quoted(model) }), model_provider: '"headgate"' },
    under: UNDER,
    tables: {
      '': { name: '"Headgate"', base_url: quoted(`${url}/v1`), wire_api: '"responses"' },
      auth: {
        command: quoted(command),
        args: `[${args.map(quoted).join(', ')}]`,
        timeout_ms: String(HELPER_WAIT_MS),
        refresh_interval_ms: String(HELPER_MS),
      },
    },
    dropped: DROPPED,
  };
}

function listed(models: readonly string[] | null): string {
  return models === null || models.length === 0 ? '' : `. You may call: ${models.slice(0, 20).join(', ')}`;
}

/** Returns a basic string of TOML, whose escapes are those of JSON. */
function quoted(text: string): string {
  return JSON.stringify(text).replaceAll('\u007f', '\\u007f');
}

function statementsOf(text: string | null): readonly Statement[] {
  try {
    return readToml(text ?? '');
  } catch {
    return [];
  }
}

function stringAt(statements: readonly Statement[], path: readonly string[]): string | null {
  const value = valueAt(statements, path);
  return value === null ? null : value.replace(/^["'](.*)["']$/, '$1');
}

function tokensIn(file: string, read: ReadText): readonly LongLived[] {
  const found = statementsOf(read(file)).filter(({ is, path }) => is === 'key' && path.at(-1) === 'experimental_bearer_token');
  return found.map(({ path }) => ({ file, place: path.join('.'), isReplaced: path.slice(0, 2).join('.') === UNDER.join('.') }));
}

/** Codex keeps a key of OpenAI's API here. It belongs to another provider, so the set-up leaves it alone. */
function keyOfCodex(machine: Machine, read: ReadText): readonly LongLived[] {
  const file = join(folderOf(machine), 'auth.json');
  const key = settingAt(read(file), ['OPENAI_API_KEY']);
  return typeof key === 'string' && key !== '' ? [{ file, place: 'OPENAI_API_KEY', isReplaced: false }] : [];
}
