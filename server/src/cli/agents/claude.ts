import { join } from 'node:path';
import type { Machine } from '../login/config-directory.ts';
import { type Agent, asCommand, HELPER_MS, isSecret, type Target } from './agent.ts';
import { setJson, type Wanted } from './json-edits.ts';
import { settingAt, textAt } from './json-settings.ts';

/** Secrets that Claude Code takes before it asks its helper. */
const KEYS = ['ANTHROPIC_AUTH_TOKEN', 'ANTHROPIC_API_KEY'] as const;

/** Claude Code: `settings.json`. Its helper prints a token, which it sends as a bearer token and as `x-api-key`. */
export const CLAUDE: Agent = {
  name: 'claude',
  title: 'Claude Code',
  start: 'Start it as usual: claude',
  files: (machine) => [
    {
      path: fileOf(machine),
      edit: (text, target) => ({ form: 'json', ...setJson(text, wanted(target, machine.platform)) }),
    },
  ],
  pointed: (machine, read) => {
    const text = read(fileOf(machine));
    const helper = textAt(text, ['apiKeyHelper']) ?? '';
    return { url: textAt(text, ['env', 'ANTHROPIC_BASE_URL']), byLogin: /headgate/.test(helper) && / token\b/.test(helper) };
  },
  longLived: (machine, read) => {
    const file = fileOf(machine);
    const text = read(file);
    const found = KEYS.filter((name) => isSecret(settingAt(text, ['env', name])));
    return found.map((name) => ({ file, place: `env.${name}`, isReplaced: true }));
  },
  hint: ({ path, text }, { models }) => {
    const named = textAt(text, ['env', 'ANTHROPIC_MODEL']) ?? textAt(text, ['model']);
    if (named !== null || models === null || models.length === 0 || models.some((model) => /claude/i.test(model))) return null;
    return `Claude Code asks for a model of Claude unless ${path} names another one, and you may call none with such a name. Name one with --model. You may call: ${models.slice(0, MODELS_SHOWN).join(', ')}`;
  },
};

const MODELS_SHOWN = 20;

function fileOf({ env, home }: Machine): string {
  return join(env.CLAUDE_CONFIG_DIR || join(home, '.claude'), 'settings.json');
}

function wanted({ url, model, tokenCommand }: Target, platform: NodeJS.Platform): readonly Wanted[] {
  const models = model === null ? {} : { ANTHROPIC_MODEL: model, ANTHROPIC_DEFAULT_HAIKU_MODEL: model };
  const env: Readonly<Record<string, string>> = {
    ANTHROPIC_BASE_URL: url,
    CLAUDE_CODE_API_KEY_HELPER_TTL_MS: String(HELPER_MS),
    CLAUDE_CODE_ENABLE_GATEWAY_MODEL_DISCOVERY: '1',
    ...models,
  };
  return [
    { path: ['apiKeyHelper'], value: asCommand(tokenCommand, platform) },
    ...Object.entries(env).map(([name, value]): Wanted => ({ path: ['env', name], value })),
    ...KEYS.map((name): Wanted => ({ path: ['env', name], value: undefined })),
  ];
}
