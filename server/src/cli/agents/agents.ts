import type { Agent, AgentName } from './agent.ts';
import { CLAUDE } from './claude.ts';
import { CODEX } from './codex.ts';
import { GEMINI } from './gemini.ts';
import { OPENCODE } from './opencode.ts';

/** Every agent that can be set up, by its name. */
export const AGENTS: Readonly<Record<AgentName, Agent>> = { claude: CLAUDE, codex: CODEX, opencode: OPENCODE, gemini: GEMINI };
