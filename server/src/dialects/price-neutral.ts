/**
 * The request features that are known to cost nothing beyond tokens. Any other feature counts as unpriced until it is listed
 * here: a blocking budget refuses it, and otherwise it is marked. Sources: Anthropic's and OpenAI's API references and SDKs, and
 * the requests of Claude Code and Codex.
 */

/** Tools that the caller runs, by `type`, in OpenAI's chat completions and responses. `tool_search` counts only if the client searches. */
export const CLIENT_CHAT_TOOLS: ReadonlySet<string> = new Set(['function', 'custom', 'namespace', 'local_shell', 'apply_patch']);

/**
 * Tools that the caller runs, by the beginning of their versioned `type`, in Anthropic's messages. `tool_search_tool_*` only
 * picks among tools.
 */
const CLIENT_MESSAGE_TOOLS = ['bash_', 'text_editor_', 'computer_', 'browser_toolset_', 'memory_', 'tool_search_tool_'] as const;

/** Betas that change how tokens are made, expressed or cached, and bill nothing else. */
const TOKEN_BETAS: ReadonlySet<string> = new Set([
  ...['claude-code-20250219', 'oauth-2025-04-20', 'interleaved-thinking-2025-05-14', 'dev-full-thinking-2025-05-14'],
  ...['context-management-2025-06-27', 'per-turn-control-2026-07-01', 'mid-conversation-tool-changes-2026-07-01'],
  ...['thinking-token-count-2026-05-13', 'advanced-tool-use-2025-11-20', 'tool-search-tool-2025-10-19', 'effort-2025-11-24'],
  ...['prompt-caching-2024-07-31', 'prompt-caching-scope-2026-01-05', 'extended-cache-ttl-2025-04-11'],
  ...['token-efficient-tools-2025-02-19', 'token-efficient-tools-2026-03-28', 'fine-grained-tool-streaming-2025-05-14'],
  ...['max-tokens-3-5-sonnet-2024-07-15', 'output-128k-2025-02-19', 'output-300k-2026-03-24'],
  ...['model-context-window-exceeded-2025-08-26', 'redact-thinking-2026-02-12', 'task-budgets-2026-03-13'],
  ...['files-api-2025-04-14', 'search-results-2025-06-09', 'token-counting-2024-11-01', 'message-batches-2024-09-24'],
]);

/**
 * Betas without an effect of their own, whatever their date. The body asks for the feature they allow and is judged there (a
 * tool, `speed`, `mcp_servers`, `container`), or the feature costs only tokens.
 */
const BETA_FAMILIES = [
  ...['computer-use-', 'pdfs-', 'structured-outputs-', 'fast-mode-', 'mcp-client-'],
  ...['web-search-', 'web-fetch-', 'code-execution-', 'skills-', 'advisor-tool-'],
] as const;

/** A context beyond the ordinary length, which has a tier of its own in the price. */
const LONG_CONTEXT_BETA = 'context-1m-';

/** Returns the kind of bill of a beta, by its name: nothing beyond tokens, a long context, or unknown. */
export function judgeBeta(name: string): 'neutral' | 'context' | 'unknown' {
  if (TOKEN_BETAS.has(name) || BETA_FAMILIES.some((family) => name.startsWith(family))) return 'neutral';
  return name.startsWith(LONG_CONTEXT_BETA) ? 'context' : 'unknown';
}

/** Reports whether the caller runs this tool of Anthropic's. */
export function isClientMessageTool(type: string): boolean {
  return CLIENT_MESSAGE_TOOLS.some((start) => type.startsWith(start));
}
