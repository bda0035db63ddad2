/**
 * The end user, the session and the client of a request, as its caller names them. They describe usage and never admit: a caller can
 * leave them out or invent them.
 */

/** The choices of an organization: end users are stored as they are named, as pseudonyms, or not at all. */
export const END_USERS = ['kept', 'hashed', 'off'] as const;
export type EndUsers = (typeof END_USERS)[number];

/** The most characters of an end user or a session that are stored. A longer name is stored as its pseudonym. */
export const NAME_CHARS_MAX = 128;

/** The form of a pseudonym: a prefix, and 132 bits of a keyed hash in base64url. */
export const PSEUDONYM = /^h_[\w-]{22}$/;

/** The origin of a request, as it says. Null: nothing. */
export interface Attribution {
  readonly endUser: string | null;
  readonly session: string | null;
  /** A client of CLIENTS; null for any other. */
  readonly client: Client | null;
}

/** The value that stands for every client that is not in the list, and for requests that name none. */
export const OTHER_CLIENT = 'other';

/** The clients that are told apart, each with the form of its `user-agent`. The first that matches counts. */
const USER_AGENTS = [
  ['claude-code', /^claude-cli\//i],
  ['codex', /^codex[ _/-]/i],
  ['gemini-cli', /^GeminiCLI[/-]/i],
  ['qwen-code', /^QwenCode\//i],
  ['opencode', /(?:^|\s)opencode\//i],
  ['github-copilot', /^GitHubCopilotChat\//i],
  ['roo-code', /^RooCode\//i],
  ['cursor', /^Cursor\//i],
  ['litellm', /^litellm\//i],
  ['langchain', /langchain/i],
  ['ai-sdk', /(?:^|\s)ai-sdk\//i],
  ['openai-python', /^(?:Async)?(?:Azure)?OpenAI\/Python/i],
  ['openai-node', /^(?:Azure)?OpenAI\/JS/i],
  ['openai-go', /^OpenAI\/Go/i],
  ['openai-java', /^OpenAI\/Java/i],
  ['anthropic-python', /^(?:Async)?Anthropic(?:Bedrock|Vertex)?\/Python/i],
  ['anthropic-node', /^Anthropic(?:Bedrock|Vertex)?\/JS/i],
  ['google-genai', /^google-genai-sdk\//i],
  ['curl', /^curl\//i],
] as const satisfies readonly (readonly [string, RegExp])[];

export type Client = (typeof USER_AGENTS)[number][0];
export const CLIENTS: readonly Client[] = USER_AGENTS.map(([name]) => name);

/** The first characters of a `user-agent` that are compared. */
const USER_AGENT_CHARS_MAX = 200;

/** Returns the client that a `user-agent` names; null for any other. */
export function clientOf(userAgent: string): Client | null {
  const start = userAgent.slice(0, USER_AGENT_CHARS_MAX);
  for (const [name, form] of USER_AGENTS) if (form.test(start)) return name;
  return null;
}

/** The kinds of names that callers invent. The bounds are those of one organization. */
export const NAME_KINDS = ['tag', 'end_user', 'session'] as const;
export type NameKind = (typeof NAME_KINDS)[number];

/**
 * The most names of each kind that usage tells apart, in a calendar month or a day in UTC. Usage under further names counts as that
 * of OTHER_NAME. Rows of requests keep every name.
 */
export const NAMES_MAX: Readonly<Record<NameKind, { readonly names: number; readonly per: 'month' | 'day' }>> = {
  tag: { names: 500, per: 'month' },
  end_user: { names: 10_000, per: 'day' },
  session: { names: 10_000, per: 'day' },
};

export const OTHER_NAME = 'other';

const BLANK = /^\s*$/;
/** Claude Code before version 2.1: a device, an account that may be empty, and a session. */
const OLDER_CLAUDE_CODE = /^user_([0-9a-f]{8,64})_account_([0-9a-f-]*)_session_/i;

/**
 * Returns the end user that `metadata.user_id` of a body names; null if it names none. That of Claude Code is JSON with its account and
 * its device, or in earlier versions a text with both: the account counts, or else the device.
 */
export function endUserOfMetadata(userId: unknown): string | null {
  const text = nameIn(userId);
  if (text === null) return null;
  const older = OLDER_CLAUDE_CODE.exec(text);
  if (older !== null) return older[2] || (older[1] ?? null);
  if (!text.startsWith('{') || text.length > JSON_CHARS_MAX) return text;
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed !== 'object' || parsed === null) return text;
    const { account_uuid: account, device_id: device } = parsed as Readonly<Record<string, unknown>>;
    return nameIn(account) ?? nameIn(device) ?? text;
  } catch {
    return text;
  }
}

const JSON_CHARS_MAX = 4_096;

/** Returns a text without surrounding white space; null if it is none, or blank. */
export function nameIn(value: unknown): string | null {
  if (typeof value !== 'string' || BLANK.test(value)) return null;
  return value.trim();
}
