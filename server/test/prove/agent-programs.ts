/** Coding agents by their own programs, set up as the guides say: a base URL, a key and a model's name. */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Shell } from './agent-vendors.ts';
import { npmProgram } from './npm-program.ts';

const PROMPT = 'Make the mark.';
/** The part of a package's name that says for which machines it is. */
export const PLATFORM = `${process.platform}-${process.arch}`;

/** One run of an agent. */
export interface Run {
  /** An empty folder for its settings, and the folder in which it works. */
  readonly home: string;
  readonly work: string;
  readonly base: string;
  readonly secret: string;
  readonly model: string;
}

export interface Agent {
  readonly name: string;
  readonly version: string;
  /** The endpoint that its requests are counted under. */
  readonly endpoint: string;
  readonly shell: Shell;
  /** Headers and texts of its own that no provider may get. */
  readonly secretHeaders: RegExp;
  readonly secretTexts: RegExp;
  /** Returns its program; null if it cannot be installed. */
  program(): string | null;
  /** Writes its settings, and returns its arguments and environment. */
  begin(run: Run): { readonly args: readonly string[]; readonly env: Record<string, string> };
}

const NEVER = /(?!)/;

export const CODEX: Agent = {
  name: 'Codex',
  version: '0.169.0',
  endpoint: 'responses',
  shell: { tool: 'exec_command', args: { cmd: 'echo mark-$((40+2)) | tee mark' } },
  secretHeaders: /codex|session|thread|originator/,
  secretTexts: /turn-metadata/,
  program: () => npmProgram('@openai/codex', CODEX.version, '@openai/codex/bin/codex.js'),
  begin: (run) => {
    const provider = `name = "Headgate"\nbase_url = "${run.base}/v1"\nenv_key = "HEADGATE_KEY"\nwire_api = "responses"\n`;
    return codex(run, `model_provider = "headgate"\n`, `[model_providers.headgate]\n${provider}`);
  },
};

/** Codex with its own provider at another address: it tries a WebSocket first, and asks for a compaction as an item. */
export const CODEX_AS_OPENAI: Agent = {
  ...CODEX,
  name: 'Codex as for OpenAI',
  begin: (run) => codex(run, `openai_base_url = "${run.base}/v1"\n`, ''),
};

function codex({ home, work, secret, model }: Run, first: string, last: string) {
  writeFileSync(path.join(home, 'config.toml'), `model = "${model}"\nweb_search = "disabled"\n${first}${last}`);
  return {
    args: ['exec', '--skip-git-repo-check', '--dangerously-bypass-approvals-and-sandbox', '-C', work, PROMPT],
    env: { CODEX_HOME: home, HEADGATE_KEY: secret, CODEX_API_KEY: secret },
  };
}

/** An agent that compacts as soon as it has had an answer. */
export function compacting(agent: Agent): Agent {
  return {
    ...agent,
    name: `${agent.name}, compacting`,
    begin: (run) => {
      const { args, env } = agent.begin(run);
      return { args: [...args.slice(0, 1), '-c', 'model_auto_compact_token_limit=1', ...args.slice(1)], env };
    },
  };
}

export const CLAUDE_CODE: Agent = {
  name: 'Claude Code',
  version: '2.1.328',
  endpoint: 'messages',
  shell: { tool: 'Bash', args: { command: 'echo mark-$((40+2)) | tee mark', description: 'Make the mark' } },
  secretHeaders: /session|stainless|x-app/,
  secretTexts: NEVER,
  program: () => npmProgram('@anthropic-ai/claude-code', CLAUDE_CODE.version, `@anthropic-ai/claude-code-${PLATFORM}/claude`),
  begin: ({ home, base, secret, model }) => ({
    args: ['-p', PROMPT, '--model', model, '--allowedTools', 'Bash'],
    env: {
      CLAUDE_CONFIG_DIR: home,
      ANTHROPIC_BASE_URL: base,
      ANTHROPIC_AUTH_TOKEN: secret,
      ANTHROPIC_DEFAULT_HAIKU_MODEL: model,
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
      CLAUDE_CODE_ATTRIBUTION_HEADER: '0',
    },
  }),
};

export const OPENCODE: Agent = {
  name: 'opencode',
  version: '1.18.33',
  endpoint: 'chat_completions',
  shell: { tool: 'bash', args: { command: 'echo mark-$((40+2)) | tee mark', description: 'Make the mark' } },
  secretHeaders: /session|opencode/,
  secretTexts: NEVER,
  program: () => npmProgram('opencode-ai', OPENCODE.version, `opencode-${PLATFORM}/bin/opencode`),
  begin: ({ home, work, base, secret, model }) => {
    const options = { baseURL: `${base}/v1`, apiKey: secret };
    const hg = { npm: '@ai-sdk/openai-compatible', name: 'Headgate', options, models: { [model]: {} } };
    writeFileSync(path.join(work, 'opencode.json'), JSON.stringify({ provider: { hg }, permission: { bash: 'allow' } }));
    return {
      args: ['run', '-m', `hg/${model}`, PROMPT],
      env: {
        XDG_DATA_HOME: home,
        XDG_CONFIG_HOME: home,
        XDG_STATE_HOME: home,
        XDG_CACHE_HOME: home,
        OPENCODE_DISABLE_AUTOUPDATE: '1',
      },
    };
  },
};

export const GEMINI_CLI: Agent = {
  name: 'Gemini CLI',
  version: '0.61.0',
  endpoint: 'generate_content',
  // It runs no command with a substitution in it.
  shell: { tool: 'run_shell_command', args: { command: "printf 'mark-%s' 42 | tee mark" } },
  secretHeaders: /privileged|session|goog-api-client/,
  secretTexts: NEVER,
  program: () => npmProgram('@google/gemini-cli', GEMINI_CLI.version, '@google/gemini-cli/bundle/gemini.js'),
  begin: ({ home, base, secret, model }) => {
    mkdirSync(path.join(home, '.gemini'));
    const settings = { security: { auth: { selectedType: 'gemini-api-key' } }, privacy: { usageStatisticsEnabled: false } };
    writeFileSync(path.join(home, '.gemini/settings.json'), JSON.stringify(settings));
    return {
      args: ['--yolo', '--skip-trust', '-m', model, '-p', PROMPT],
      env: { GEMINI_API_KEY: secret, GOOGLE_GEMINI_BASE_URL: base },
    };
  },
};
