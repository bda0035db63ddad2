/**
 * JSON by a schema from models that know no such format: they must call a tool whose argument is the answer. An answer shows that
 * call as text.
 */
import type { JsonObject } from '../dialect.ts';
import type { StopReason } from '../neutral.ts';

/** The tool's name. By it answers recognize the call, so no client's tool may have it. */
export const JSON_TOOL = 'headgate_json_answer';

export function jsonTool(schema: JsonObject): JsonObject {
  return {
    toolSpec: {
      name: JSON_TOOL,
      description: 'Answers the user. Call this tool with the whole answer when no other tool is needed.',
      inputSchema: { json: schema },
    },
  };
}

/** Returns the stop reason of an answer. If it called only the tool for JSON, it ended, because a client knows nothing of that call. */
export function withoutJsonTool(reason: StopReason, called: { readonly json: boolean; readonly others: boolean }): StopReason {
  return reason === 'tool_call' && called.json && !called.others ? 'end' : reason;
}
