import { expect, test } from 'vitest';
import { CLIENTS, clientOf, endUserOfMetadata } from './attribution.ts';

// User agents as these programs send them.
test.each([
  ['claude-cli/2.1.205 (external, cli)', 'claude-code'],
  ['codex_cli_rs/0.169.0 (Ubuntu 24.4.0; x86_64) xterm-256color', 'codex'],
  ['codex_exec/0.89.0 (Mac OS 15.1; arm64)', 'codex'],
  ['codex-tui/0.142.0-alpha.10 (Mac OS 13.7.8; arm64) xterm-256color (codex-tui; 0.142.0-alpha.10)', 'codex'],
  ['GeminiCLI/0.61.0/gemini-3-pro (linux; x64)', 'gemini-cli'],
  ['GeminiCLI/0.1.0 Node.js/v22.14.0 (darwin; arm64)', 'gemini-cli'],
  ['QwenCode/0.14.1 (linux; x64)', 'qwen-code'],
  ['opencode/1.18.31 ai-sdk/provider-utils/4.0.40 runtime/bun/1.3.14', 'opencode'],
  ['ai-sdk/openai-compatible/2.0.47 ai-sdk/provider-utils/4.0.27 runtime/node.js/24', 'ai-sdk'],
  ['langchainjs-openai/1.0.0 ((node/v24.16.0; linux; x64))', 'langchain'],
  ['OpenAI/Python 2.24.0', 'openai-python'],
  ['AsyncOpenAI/Python 1.99.1', 'openai-python'],
  ['AsyncAzureOpenAI/Python 1.99.1', 'openai-python'],
  ['OpenAI/JS 6.39.1', 'openai-node'],
  ['Anthropic/Python 0.109.1', 'anthropic-python'],
  ['AsyncAnthropic/Python 0.109.1', 'anthropic-python'],
  ['Anthropic/JS 0.71.2', 'anthropic-node'],
  ['google-genai-sdk/1.41.0 gl-node/v22.19.0', 'google-genai'],
  ['GitHubCopilotChat/0.35.0', 'github-copilot'],
  ['RooCode/3.51.1', 'roo-code'],
  ['litellm/1.101.0', 'litellm'],
  ['curl/8.7.1', 'curl'],
  ['python-httpx/0.27.0', null],
  ['Mozilla/5.0 (X11; Linux x86_64) opencodes/1', null],
  ['not claude-cli/1', null],
  ['', null],
])('%j is %j', (userAgent, client) => {
  expect(clientOf(userAgent)).toBe(client);
});

test('a client is a short plain word, of which there are few', () => {
  expect(new Set(CLIENTS).size).toBe(CLIENTS.length);
  for (const name of CLIENTS) expect(name).toMatch(/^[a-z]+(-[a-z]+)?$/);
});

test.each([
  ['alice', 'alice'],
  [' alice ', 'alice'],
  [JSON.stringify({ device_id: 'd1', account_uuid: 'a1', session_id: 's1' }), 'a1'],
  [JSON.stringify({ device_id: 'd1', account_uuid: '', session_id: 's1' }), 'd1'],
  [JSON.stringify({ device_id: 'd1' }), 'd1'],
  ['{"device_id":7}', '{"device_id":7}'],
  ['{not JSON', '{not JSON'],
  [`user_${'ab'.repeat(32)}_account_123e4567-e89b-12d3-a456-426614174000_session_x`, '123e4567-e89b-12d3-a456-426614174000'],
  [`user_${'ab'.repeat(32)}_account__session_d2e70091-3007-41a3-a916-cb8b0d3098de`, 'ab'.repeat(32)],
  ['', null],
  ['  ', null],
  [7, null],
  [undefined, null],
])('the end user in metadata.user_id %j is %j', (userId, endUser) => {
  expect(endUserOfMetadata(userId)).toBe(endUser);
});
