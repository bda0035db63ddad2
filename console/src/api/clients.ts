/** The clients that the server tells apart by their user agents, and the word for all others. A test compares them with the server's. */
export const CLIENTS = [
  ...[
    'claude-code',
    'codex',
    'gemini-cli',
    'qwen-code',
    'opencode',
    'github-copilot',
    'roo-code',
    'cursor',
    'litellm',
    'langchain',
  ],
  ...['ai-sdk', 'openai-python', 'openai-node', 'openai-go', 'openai-java', 'anthropic-python', 'anthropic-node', 'google-genai'],
  ...['curl', 'other'],
] as const;
