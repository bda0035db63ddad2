import type { GatewayRequest } from '../http/request-reply.ts';

/** The header by which a client names the session of a request. */
const SESSION_HEADER = 'x-headgate-session';
/** The headers by which agents name it: Claude Code, Codex, opencode. */
const AGENT_HEADERS = ['x-claude-code-session-id', 'session-id', 'x-session-affinity'] as const;

/**
 * Returns the session that a request belongs to; null if it names none. The first that it names counts. `body`: null if it was not
 * read.
 */
export function sessionOf(request: GatewayRequest, body: Readonly<Record<string, unknown>> | null): string | null {
  const named = request.header(SESSION_HEADER);
  if (named !== undefined && named !== '') return named;
  const cacheKey = body?.prompt_cache_key;
  if (typeof cacheKey === 'string' && cacheKey !== '') return cacheKey;
  for (const name of AGENT_HEADERS) {
    const value = request.header(name);
    if (value !== undefined && value !== '') return value;
  }
  return null;
}
