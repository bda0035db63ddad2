/** The answer of a request whose response is stored or continues a stored one: it names our ids, and its last state is noted. */
import type { AnswerStream, Exchange, JsonObject } from '../../dialects/dialect.ts';
import { isObject, parseJson } from '../../dialects/json.ts';
import { parseEvents } from '../../lib/sse.ts';
import type { StoredSide } from './continued.ts';

/** Only events of a response's state have such a field: in texts the quotes are escaped. */
const STATE = '"response"';
const FINAL: ReadonlySet<unknown> = new Set(['completed', 'incomplete']);

/**
 * Returns an exchange whose answers name our ids. An exchange passes on whole events alone, so each piece of its stream can be read by
 * itself; events that state no response pass unchanged.
 */
export function keepingExchange(exchange: Exchange, side: StoredSide): Exchange {
  return {
    upstreamBody: exchange.upstreamBody,
    dropped: exchange.dropped,
    whole: (bytes) => {
      const answer = exchange.whole(bytes);
      const response = parseJson(answer.bytes.toString());
      return isObject(response) ? { ...answer, bytes: Buffer.from(JSON.stringify(ours(response, side))) } : answer;
    },
    stream: () => keepingStream(exchange.stream(), side),
  };
}

function keepingStream(stream: AnswerStream, side: StoredSide): AnswerStream {
  const rewritten = (events: Buffer) => (events.includes(STATE) ? Buffer.from(withOurIds(events.toString(), side)) : events);
  return {
    push: (chunk) => rewritten(stream.push(chunk)),
    end: (how) => rewritten(stream.end(how)),
    facts: () => stream.facts(),
  };
}

function withOurIds(text: string, side: StoredSide): string {
  let all = '';
  for (const { name, data } of parseEvents(text)) {
    const event = data === null ? undefined : parseJson(data);
    const isState = isObject(event) && isObject(event.response);
    const said = isState ? JSON.stringify({ ...event, response: ours(event.response as JsonObject, side) }) : data;
    if (name !== null) all += `event: ${name}\n`;
    if (said !== null) all += `${said.replace(/^/gm, 'data: ')}\n`;
    all += '\n';
  }
  return all;
}

/** Returns a response with our ids. Notes it, if it is the last state of one that is kept. */
function ours(response: JsonObject, side: StoredSide): JsonObject {
  const { id, previousId, conversationId, isBackground } = side;
  const said = {
    ...response,
    ...(id !== null && { id, store: true }),
    ...(isBackground && { background: true }),
    ...(conversationId !== null && { conversation: { id: conversationId } }),
    previous_response_id: previousId,
  };
  if ((id !== null || conversationId !== null) && FINAL.has(response.status)) side.response = said;
  return said;
}
