/** The console's reading of each dialect: every recorded answer has the text that a client finds in it, and every error its message. */
import { describe, expect, test } from 'vitest';
import type { Dialect, Heard } from '../../../console/src/api/dialects/dialect.ts';
import { DIALECTS } from '../../../console/src/api/dialects/dialects.ts';
import { type ChatKind, meaningOf } from '../answer-meaning.ts';
import { bytesOf, type Recording, recordings } from '../recordings.ts';
import { jsonEventsIn } from '../support/event-stream.ts';

const RECORDED: Readonly<
  Record<string, { readonly kind: ChatKind | 'completions'; readonly recorded: readonly Recording['kind'][] }>
> = {
  chat: { kind: 'chat', recorded: ['chat'] },
  responses: { kind: 'responses', recorded: ['responses'] },
  messages: { kind: 'messages', recorded: ['messages'] },
  gemini: { kind: 'gemini', recorded: ['generate-content', 'stream-generate-content'] },
  completions: { kind: 'completions', recorded: ['completions'] },
};

/** The ends that say that the maximum of tokens cut an answer off. */
const CUT = ['length', 'max_output_tokens', 'max_tokens', 'MAX_TOKENS'];

const named = (found: readonly Recording[]) => found.map((recording) => [recording.response, recording] as const);

describe.each(DIALECTS.map((dialect) => [dialect.name, dialect] as const))('%s', (_name, dialect) => {
  const of = RECORDED[dialect.id];
  if (of === undefined) throw new Error(`no recordings are named for ${dialect.id}`);
  const all = recordings.filter(({ kind, provenance }) => of.recorded.includes(kind) && provenance !== 'quoted').filter(isOne);
  const answered = all.filter((recording) => recording.status === 200 && !isFailure(bytesOf(recording)));
  const failed = all.filter((recording) => recording.status >= 400);

  test.each(named(answered))('reads %s', (_response, recording) => {
    const heard = heardOf(dialect, recording);
    const { text, stop } = meaningOf(of.kind, recording.stream, bytesOf(recording));
    expect(heard.map((one) => one.text ?? '').join('')).toBe(text);
    expect(heard.some(({ isCut }) => isCut === true)).toBe(CUT.includes(stop ?? ''));
  });

  test('reads every recorded error', () => {
    const unread = failed.filter((recording) => {
      const [heard] = heardOf(dialect, { ...recording, stream: false });
      return (heard?.error?.message ?? '') === '';
    });
    expect(unread.map(({ response }) => response)).toEqual([]);
  });
});

function heardOf({ read }: Dialect, recording: Recording): Heard[] {
  const text = bytesOf(recording).toString();
  return recording.stream ? jsonEventsIn(text).map(read) : [read(JSON.parse(text))];
}

/** Reports whether a recording is of one answer. Some are of several in a row. */
function isOne(recording: Recording): boolean {
  return (
    (
      bytesOf(recording)
        .toString()
        .match(/"type":\s*"message_start"/g) ?? []
    ).length < 2
  );
}

/** Reports whether an answer with the status 200 contains an error. */
function isFailure(bytes: Buffer): boolean {
  return /"type":\s*"(?:error|response\.failed)"|"error":\s*\{/.test(bytes.toString());
}
