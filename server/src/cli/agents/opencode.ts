import { join } from 'node:path';
import type { Machine } from '../login/config-directory.ts';
import { type Agent, isSecret, type LongLived, type ReadText, type Target } from './agent.ts';
import { setJson, type Wanted } from './json-edits.ts';
import { settingAt, textAt } from './json-settings.ts';

const TOKEN = '{env:HEADGATE_TOKEN}';
const MODELS_MAX = 500;

/** opencode: its global settings, with a provider that takes the token from the environment. */
export const OPENCODE: Agent = {
  name: 'opencode',
  title: 'opencode',
  start: 'Start it with a token: headgate run opencode',
  files: (machine, read) => [
    {
      path: fileOf(machine, read),
      edit: (text, target) => ({
        form: 'json',
        ...setJson(text, [...schemaOf(text), ...wanted(target), ...replacedKeys(text, target)]),
      }),
    },
  ],
  pointed: (machine, read) => {
    const text = read(fileOf(machine, read));
    const base = textAt(text, ['provider', 'headgate', 'options', 'baseURL']);
    const key = textAt(text, ['provider', 'headgate', 'options', 'apiKey']);
    return { url: base?.replace(/\/v1\/?$/, '') ?? null, byLogin: key === TOKEN };
  },
  longLived: (machine, read, url) => [...keysIn(fileOf(machine, read), read, url), ...keysOfOpencode(machine, read)],
};

/** Returns the settings that opencode reads last, of those that are there. */
function fileOf({ env, home }: Machine, read: ReadText): string {
  const folder = join(env.XDG_CONFIG_HOME || join(home, '.config'), 'opencode');
  const withComments = join(folder, 'opencode.jsonc');
  return read(withComments) === null ? join(folder, 'opencode.json') : withComments;
}

/** Returns the schema that opencode adds by itself when it starts. With it, the file stays as the set-up left it. */
function schemaOf(text: string): readonly Wanted[] {
  return settingAt(text, ['$schema']) === undefined ? [{ path: ['$schema'], value: 'https://opencode.ai/config.json' }] : [];
}

function wanted({ url, model, models }: Target): readonly Wanted[] {
  const names = [...new Set([...(model === null ? [] : [model]), ...(models ?? [])])].slice(0, MODELS_MAX);
  const under = ['provider', 'headgate'] as const;
  return [
    ...(model === null ? [] : [{ path: ['model'], value: `headgate/${model}` } satisfies Wanted]),
    { path: [...under, 'npm'], value: '@ai-sdk/openai-compatible' },
    { path: [...under, 'name'], value: 'Headgate' },
    { path: [...under, 'options', 'baseURL'], value: `${url}/v1` },
    { path: [...under, 'options', 'apiKey'], value: TOKEN },
    ...names.map((name): Wanted => ({ path: [...under, 'models', name], value: {} })),
  ];
}

function providersIn(text: string | null): readonly (readonly [name: string, options: unknown])[] {
  const providers = settingAt(text, ['provider']);
  if (typeof providers !== 'object' || providers === null) return [];
  return Object.entries(providers).map(([name, one]) => [name, (one as { options?: unknown } | null)?.options] as const);
}

/** Returns what replaces the keys of other providers at the same gateway. */
function replacedKeys(text: string, { url }: Target): readonly Wanted[] {
  const own = providersIn(text).filter(
    ([name, options]) => name !== 'headgate' && isAt(options, url) && isSecret(keyOf(options)),
  );
  return own.map(([name]) => ({ path: ['provider', name, 'options', 'apiKey'], value: TOKEN }));
}

function keysIn(file: string, read: ReadText, url: string): readonly LongLived[] {
  const found = providersIn(read(file)).filter(([, options]) => isSecret(keyOf(options)));
  return found.map(([name, options]) => ({
    file,
    place: `provider.${name}.options.apiKey`,
    isReplaced: name === 'headgate' || isAt(options, url),
  }));
}

function keyOf(options: unknown): unknown {
  return (options as { apiKey?: unknown } | null | undefined)?.apiKey;
}

function isAt(options: unknown, url: string): boolean {
  const { baseURL } = (options ?? {}) as { baseURL?: unknown };
  return typeof baseURL === 'string' && URL.canParse(baseURL) && new URL(baseURL).origin === url;
}

/** Keys that opencode stored itself. They belong to other providers, so the set-up leaves them alone. */
function keysOfOpencode({ env, home }: Machine, read: ReadText): readonly LongLived[] {
  const file = join(env.XDG_DATA_HOME || join(home, '.local', 'share'), 'opencode', 'auth.json');
  const stored = settingAt(read(file), []);
  if (typeof stored !== 'object' || stored === null) return [];
  const keys = Object.entries(stored).filter(([, one]) => isSecret((one as { key?: unknown } | null)?.key));
  return keys.map(([name]) => ({ file, place: `${name}.key`, isReplaced: false }));
}
