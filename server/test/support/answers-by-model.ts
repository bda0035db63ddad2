/** A provider whose answers are written down by upstream model. */
import type { ServerWire, Wire } from '../../src/dialects/dialect.ts';
import type { Provider } from '../../src/providers/provider.ts';
import { readOpenAiError } from '../../src/providers/read-error.ts';

/** A whole answer, or a stream of events. Text is sent as it is. */
export type ModelAnswer =
  | { readonly status?: number; readonly json: object }
  | { readonly events: readonly (object | string)[]; readonly breaksOff?: boolean };

interface AnswersByModel {
  readonly provider: Provider;
  /** What was sent: to which deployment, and the body. */
  readonly sent: { readonly to: string; readonly body: string }[];
}

/** `speaks`: the wire of chat calls; absent: that of the client. */
export function answersByModel(
  script: Readonly<Record<string, ModelAnswer>>,
  more: { readonly speaks?: ServerWire; readonly readError?: Provider['readError'] } = {},
): AnswersByModel {
  const sent: AnswersByModel['sent'] = [];
  const provider: Provider = {
    name: 'fake',
    wireFor: (client: Wire) => more.speaks ?? (client as ServerWire),
    readError: more.readError ?? readOpenAiError,
    open: ({ deployment, body }, sink) => {
      sent.push({ to: deployment.id, body: body.toString() });
      const said = script[deployment.upstreamModel];
      let isAborted = false;
      setImmediate(() => {
        if (isAborted || said === undefined) return;
        if ('json' in said) {
          sink.head(said.status ?? 200, { 'content-type': 'application/json' });
          sink.data(Buffer.from(JSON.stringify(said.json)));
        } else {
          sink.head(200, { 'content-type': 'text/event-stream' });
          for (const event of said.events) if (!isAborted) sink.data(Buffer.from(textOf(event)));
          if (said.breaksOff === true) return;
        }
        if (!isAborted) sink.end();
      });
      return {
        sent: true,
        abort: () => {
          isAborted = true;
        },
        resume: () => {},
      };
    },
  };
  return { provider, sent };
}

function textOf(event: object | string): string {
  if (typeof event === 'string') return event;
  const { type } = event as { readonly type?: unknown };
  return `${typeof type === 'string' ? `event: ${type}\n` : ''}data: ${JSON.stringify(event)}\n\n`;
}
