import { anthropicMessages } from './anthropic-messages.ts';
import type { Dialect } from './dialect.ts';
import { gemini } from './gemini.ts';
import { openAiChat } from './openai-chat.ts';
import { openAiCompletions } from './openai-completions.ts';
import { openAiResponses } from './openai-responses.ts';

/** Every dialect that the playground speaks, the most used first. A further one is a file beside these and a row here. */
export const DIALECTS: readonly Dialect[] = [openAiChat, openAiResponses, anthropicMessages, gemini, openAiCompletions];

/** Returns the dialect of a page's address; the first one if the address names none, or one that is unknown. */
export function dialectOf(id: string | undefined): Dialect {
  return DIALECTS.find((dialect) => dialect.id === id) ?? (DIALECTS[0] as Dialect);
}
