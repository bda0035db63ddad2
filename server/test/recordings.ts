import { readFileSync } from 'node:fs';
import { FrameReader } from '../src/providers/bedrock/event-stream.ts';
import { eventWriter } from '../src/providers/bedrock/write-events.ts';

/** Real provider answers (see recorded/README.md), as the upstream would send them. */
const ROOT = new URL('./recorded/', import.meta.url);

export interface Recording {
  readonly provider: string;
  readonly kind:
    | 'chat'
    | 'messages'
    | 'completions'
    | ('responses' | 'responses-compact')
    | ('generate-content' | 'stream-generate-content')
    | ('cohere-chat' | 'cohere-embed' | 'gemini-embed')
    | ('converse' | 'converse-stream' | 'invoke')
    | 'embeddings'
    | ('rerank' | 'image' | 'images' | 'audio-transcriptions' | 'audio-translations')
    | 'count-tokens';
  readonly response: string;
  readonly request?: string;
  readonly status: number;
  readonly stream: boolean;
  readonly provenance: string;
  /** The rate-limit headers of the answer, if it had some. */
  readonly limit_headers?: Readonly<Record<string, string>>;
  /** The address that was called, where it says what the body does not. */
  readonly url?: string;
}

export const recordings: readonly Recording[] = JSON.parse(readFileSync(new URL('cassettes/manifest.json', ROOT), 'utf8'));

/** The 200 answers of one provider and kind that were really sent by it. */
export function answersOf(provider: string, kind: Recording['kind']): Recording[] {
  return recordings.filter((r) => r.provider === provider && r.kind === kind && r.status === 200 && r.provenance !== 'quoted');
}

/** The answer's bytes. Where the source kept only the events' JSON, one a line, the framing is put back as the provider writes it. */
export function bytesOf(recording: Recording): Buffer {
  const raw = readFileSync(new URL(`cassettes/${recording.response}`, ROOT));
  if (!recording.stream || recording.response.endsWith('.sse')) return raw;
  if (recording.kind.endsWith('generate-content')) return contentEvents(raw.toString());
  if (recording.kind.startsWith('converse')) return converseEvents(raw, recording.response);
  const named = recording.kind !== 'chat' && recording.kind !== 'completions';
  const events = raw
    .toString()
    .split('\n')
    .filter(Boolean)
    .map((line) => `${named ? `event: ${(JSON.parse(line) as { type: string }).type}\n` : ''}data: ${line}\n\n`);
  return Buffer.from(events.join('') + (named ? '' : 'data: [DONE]\n\n'));
}

/** The events of Converse as the provider writes them: from its frames, or from the events that the source kept one a line. */
function converseEvents(raw: Buffer, name: string): Buffer {
  if (name.endsWith('.bin')) {
    const write = eventWriter('bedrock-converse', 'recorded');
    return Buffer.from(new FrameReader().push(raw).map(write).join(''));
  }
  const lines = raw.toString().split('\n').filter(Boolean);
  return Buffer.from(
    lines
      .flatMap((line) => Object.entries(JSON.parse(line) as Record<string, unknown>))
      .map(([event, data]) => `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`)
      .join(''),
  );
}

/** Google's chunks as server-sent events: the source kept one a line, or recorded them as one JSON array. */
function contentEvents(text: string): Buffer {
  const chunks: unknown[] = text.startsWith('[')
    ? JSON.parse(text)
    : text
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line) as unknown);
  return Buffer.from(chunks.map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`).join(''));
}

export interface TranslationPair {
  readonly direction: 'request' | 'response';
  readonly input_api: string;
  readonly target: string;
  readonly case: string;
  readonly input: Record<string, unknown>;
  readonly expected: Record<string, unknown>;
}

/** Translations made by another gateway, to hold ours against. */
export const pairs: readonly TranslationPair[] = (
  JSON.parse(readFileSync(new URL('agentgateway-pairs.json', ROOT), 'utf8')) as { cases: TranslationPair[] }
).cases;

/** Why a field that gateway sends is rightly absent from ours, by `<case> <path>`. */
export const justified: Readonly<Record<string, string>> = JSON.parse(readFileSync(new URL('justified.json', ROOT), 'utf8'));
