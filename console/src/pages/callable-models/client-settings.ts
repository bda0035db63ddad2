/** The facts that a setting is filled with. */
export interface SettingOf {
  /** The public URL of this gateway, without a slash at the end. */
  readonly baseUrl: string;
  /** Names of chat models that the key can call. The first is the one that the client calls unless told otherwise. */
  readonly models: readonly [first: string, ...others: string[]];
}

/** A text to copy: a file of the client, lines of a shell, a program, or what to type into its settings. */
export interface SettingText {
  /** The file's name, or where the text goes. */
  readonly where: string;
  /** The language of its fence in Markdown. */
  readonly language: 'sh' | 'toml' | 'json' | 'yaml' | 'js' | 'python' | 'text';
  readonly text: (of: SettingOf) => string;
}

export interface Client {
  /** Its guide is `docs/guides/<id>.md`. */
  readonly id: string;
  readonly name: string;
  readonly texts: readonly SettingText[];
}

/** The variable that every setting reads the secret of the key from, if the client can. */
const IN_SHELL = '"$HEADGATE_KEY"';

const json = (value: unknown) => JSON.stringify(value, null, 2);

/**
 * The settings of each client with a guide. The guides contain the same texts (scripts/client-guides.test.ts), and
 * `npm run prove clients.guides` runs clients with them.
 */
export const CLIENTS: readonly Client[] = [
  {
    id: 'claude-code',
    name: 'Claude Code',
    texts: [
      {
        where: 'shell',
        language: 'sh',
        text: ({ baseUrl, models: [model] }) => `export ANTHROPIC_BASE_URL="${baseUrl}"
export ANTHROPIC_AUTH_TOKEN=${IN_SHELL}
export ANTHROPIC_MODEL="${model}"
export ANTHROPIC_DEFAULT_HAIKU_MODEL="${model}"
export CLAUDE_CODE_ENABLE_GATEWAY_MODEL_DISCOVERY=1`,
      },
      {
        where: 'shell, for a model that is not Claude',
        language: 'sh',
        text: () => `export CLAUDE_CODE_ATTRIBUTION_HEADER=0
export CLAUDE_CODE_DISABLE_EXPERIMENTAL_BETAS=1`,
      },
    ],
  },
  {
    id: 'codex',
    name: 'Codex',
    texts: [
      {
        where: '~/.codex/config.toml',
        language: 'toml',
        text: ({ baseUrl, models: [model] }) => `model = "${model}"
model_provider = "headgate"
web_search = "disabled"

[model_providers.headgate]
name = "Headgate"
base_url = "${baseUrl}/v1"
env_key = "HEADGATE_KEY"
wire_api = "responses"
env_http_headers = { "x-headgate-tags" = "HEADGATE_TAGS" }`,
      },
    ],
  },
  {
    id: 'opencode',
    name: 'opencode',
    texts: [
      {
        where: 'opencode.json',
        language: 'json',
        text: ({ baseUrl, models }) =>
          json({
            $schema: 'https://opencode.ai/config.json',
            model: `headgate/${models[0]}`,
            provider: {
              headgate: {
                npm: '@ai-sdk/openai-compatible',
                name: 'Headgate',
                options: { baseURL: `${baseUrl}/v1`, apiKey: '{env:HEADGATE_KEY}' },
                models: Object.fromEntries(models.map((model) => [model, {}])),
              },
            },
          }),
      },
    ],
  },
  {
    id: 'gemini-cli',
    name: 'Gemini CLI',
    texts: [
      {
        where: '~/.gemini/settings.json',
        language: 'json',
        text: () => json({ security: { auth: { selectedType: 'gemini-api-key' } } }),
      },
      {
        where: 'shell',
        language: 'sh',
        text: ({ baseUrl, models: [model] }) => `export GOOGLE_GEMINI_BASE_URL="${baseUrl}"
export GEMINI_API_KEY=${IN_SHELL}
export GEMINI_MODEL="${model}"`,
      },
    ],
  },
  {
    id: 'continue',
    name: 'Continue',
    texts: [
      {
        where: '~/.continue/config.yaml',
        language: 'yaml',
        text: ({ baseUrl, models }) => `name: Headgate
version: 1.0.0
schema: v1
models:
${models.map((model) => continueModel(baseUrl, model)).join('\n')}`,
      },
    ],
  },
  {
    id: 'cursor',
    name: 'Cursor',
    texts: [
      {
        where: 'Cursor Settings, Models, API Keys',
        language: 'text',
        text: ({ baseUrl, models }) => `OpenAI API Key: the secret of your key
Override OpenAI Base URL: ${baseUrl}/cursor/v1
Add model: ${models.join(', ')}`,
      },
    ],
  },
  {
    id: 'langchain',
    name: 'LangChain',
    texts: [
      {
        where: 'JavaScript',
        language: 'js',
        text: ({ baseUrl, models: [model] }) => `import { ChatOpenAI } from '@langchain/openai';

const llm = new ChatOpenAI({
  model: '${model}',
  apiKey: process.env.HEADGATE_KEY,
  configuration: { baseURL: '${baseUrl}/v1' },
});
const answer = await llm.invoke('Say hello.');
console.log(answer.content);`,
      },
      {
        where: 'Python',
        language: 'python',
        text: ({ baseUrl, models: [model] }) => `import os
from langchain_openai import ChatOpenAI

llm = ChatOpenAI(model="${model}", api_key=os.environ["HEADGATE_KEY"], base_url="${baseUrl}/v1")
print(llm.invoke("Say hello.").content)`,
      },
    ],
  },
  {
    id: 'vercel-ai-sdk',
    name: 'Vercel AI SDK',
    texts: [
      {
        where: 'OpenAI Responses',
        language: 'js',
        text: ({ baseUrl, models: [model] }) => `import { createOpenAI } from '@ai-sdk/openai';
import { generateText } from 'ai';

const headgate = createOpenAI({ baseURL: '${baseUrl}/v1', apiKey: process.env.HEADGATE_KEY });
const { text } = await generateText({ model: headgate('${model}'), prompt: 'Say hello.' });
console.log(text);`,
      },
      {
        where: 'Anthropic Messages',
        language: 'js',
        text: ({ baseUrl, models: [model] }) => `import { createAnthropic } from '@ai-sdk/anthropic';
import { generateText } from 'ai';

const headgate = createAnthropic({ baseURL: '${baseUrl}/v1', apiKey: process.env.HEADGATE_KEY });
const { text } = await generateText({ model: headgate('${model}'), prompt: 'Say hello.' });
console.log(text);`,
      },
    ],
  },
  {
    id: 'llamaindex',
    name: 'LlamaIndex',
    texts: [
      {
        where: 'Python',
        language: 'python',
        text: ({ baseUrl, models: [model] }) => `import os
from llama_index.llms.openai_like import OpenAILike

llm = OpenAILike(
    model="${model}",
    api_base="${baseUrl}/v1",
    api_key=os.environ["HEADGATE_KEY"],
    is_chat_model=True,
)
print(llm.complete("Say hello."))`,
      },
    ],
  },
  {
    id: 'open-webui',
    name: 'Open WebUI',
    texts: [
      {
        where: 'environment of the server',
        language: 'sh',
        text: ({ baseUrl }) => `export OPENAI_API_BASE_URLS="${baseUrl}/v1"
export OPENAI_API_KEYS=${IN_SHELL}
export ENABLE_FORWARD_USER_INFO_HEADERS=true`,
      },
    ],
  },
];

function continueModel(baseUrl: string, model: string): string {
  return `  - name: "${model}"
    provider: openai
    model: "${model}"
    apiBase: ${baseUrl}/v1
    apiKey: \${{ secrets.HEADGATE_KEY }}`;
}
