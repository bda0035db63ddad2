import type { JsonObject } from '../dialects/dialect.ts';
import { type Draft, type Field, lines } from './fields.ts';

/** The calls of the playground that are no conversation: their paths, their inputs and the form of their answers. */

export type MediaMode = 'embedding' | 'rerank' | 'moderation' | 'image' | 'speech' | 'transcription';

/** The form in which an answer is shown. */
export type Shows = 'vectors' | 'ranking' | 'categories' | 'pictures' | 'sound' | 'text';

/** One path of the data plane, as the playground calls it. */
export interface Kind {
  /** The value in the page's address. */
  readonly id: string;
  readonly mode: MediaMode;
  /** The name that people know. */
  readonly name: string;
  readonly path: string;
  readonly shows: Shows;
  /** The inputs. Those that are `main` are beside the button that sends the call. */
  readonly fields: readonly Field[];
  /** True: the body is sent as a form, always with a file. */
  readonly isForm: boolean;
}

const PICTURE_TYPES = 'image/png,image/jpeg,image/webp';
const SOUND_TYPES = 'audio/*,video/mp4,video/webm,.flac,.m4a,.mp3,.mp4,.mpeg,.mpga,.oga,.ogg,.wav,.webm';
const TEXT_FORMATS = ['json', 'text', 'srt', 'vtt', 'verbose_json'];

/** The fields of a picture. Models take different values, so that each can also be typed. */
const PICTURE: readonly Field[] = [
  { name: 'n', is: 'number', max: 10 },
  { name: 'size', is: 'choice', choices: ['auto', '1024x1024', '1536x1024', '1024x1536', '1792x1024', '1024x1792', '512x512'] },
  { name: 'quality', is: 'choice', choices: ['auto', 'low', 'medium', 'high', 'standard', 'hd'] },
];
const PROMPT: Field = { name: 'prompt', is: 'text', isMain: true, isRequired: true };
const SOUND_FILE: Field = { name: 'file', is: 'file', isMain: true, isRequired: true, accept: SOUND_TYPES };

export const KINDS: readonly Kind[] = [
  {
    id: 'embeddings',
    mode: 'embedding',
    name: 'Embeddings',
    path: '/v1/embeddings',
    shows: 'vectors',
    fields: [
      { name: 'input', is: 'lines', isMain: true, isRequired: true },
      { name: 'dimensions', is: 'number', max: 100_000 },
    ],
    isForm: false,
  },
  {
    id: 'rerank',
    mode: 'rerank',
    name: 'Rerank',
    path: '/v1/rerank',
    shows: 'ranking',
    fields: [
      { name: 'query', is: 'text', isMain: true, isRequired: true },
      { name: 'documents', is: 'lines', isMain: true, isRequired: true },
      { name: 'top_n', is: 'number', max: 10_000 },
    ],
    isForm: false,
  },
  {
    id: 'moderations',
    mode: 'moderation',
    name: 'Moderations',
    path: '/v1/moderations',
    shows: 'categories',
    fields: [{ name: 'input', is: 'text', isMain: true, isRequired: true }],
    isForm: false,
  },
  {
    id: 'generations',
    mode: 'image',
    name: 'Image generations',
    path: '/v1/images/generations',
    shows: 'pictures',
    fields: [PROMPT, ...PICTURE, { name: 'output_format', is: 'choice', choices: ['png', 'jpeg', 'webp'] }],
    isForm: false,
  },
  {
    id: 'edits',
    mode: 'image',
    name: 'Image edits',
    path: '/v1/images/edits',
    shows: 'pictures',
    fields: [
      { name: 'image[]', is: 'files', isMain: true, isRequired: true, accept: PICTURE_TYPES },
      { name: 'mask', is: 'file', isMain: true, accept: 'image/png' },
      PROMPT,
      ...PICTURE,
    ],
    isForm: true,
  },
  {
    id: 'speech',
    mode: 'speech',
    name: 'Speech',
    path: '/v1/audio/speech',
    shows: 'sound',
    fields: [
      { name: 'input', is: 'text', isMain: true, isRequired: true },
      {
        name: 'voice',
        is: 'choice',
        isRequired: true,
        initial: 'alloy',
        choices: ['alloy', 'ash', 'ballad', 'coral', 'echo', 'fable', 'nova', 'onyx', 'sage', 'shimmer', 'verse'],
      },
      { name: 'response_format', is: 'choice', choices: ['mp3', 'opus', 'aac', 'flac', 'wav', 'pcm'] },
    ],
    isForm: false,
  },
  {
    id: 'transcriptions',
    mode: 'transcription',
    name: 'Transcriptions',
    path: '/v1/audio/transcriptions',
    shows: 'text',
    fields: [
      SOUND_FILE,
      { name: 'language', is: 'choice', choices: [] },
      { name: 'prompt', is: 'text' },
      { name: 'response_format', is: 'choice', choices: [...TEXT_FORMATS, 'diarized_json'] },
    ],
    isForm: true,
  },
  {
    id: 'translations',
    mode: 'transcription',
    name: 'Translations into English',
    path: '/v1/audio/translations',
    shows: 'text',
    fields: [SOUND_FILE, { name: 'prompt', is: 'text' }, { name: 'response_format', is: 'choice', choices: TEXT_FORMATS }],
    isForm: true,
  },
];

/** Returns the kind of call of a mode that the page's address names, or the mode's first one. Null for conversations. */
export function kindOf(mode: string, id: string | undefined): Kind | null {
  const ofMode = KINDS.filter((kind) => kind.mode === mode);
  return ofMode.find((kind) => kind.id === id) ?? ofMode[0] ?? null;
}

/** Returns the body of a call without its files. A field without a value is left out. */
export function bodyOf({ fields }: Kind, model: string, draft: Draft): JsonObject {
  const values = fields.flatMap((field) => {
    const value = draft[field.name] ?? field.initial ?? '';
    if (Array.isArray(value) || value === '' || (typeof value === 'string' && value.trim() === '')) return [];
    return [[field.name, field.is === 'lines' ? lines(String(value)) : value] as const];
  });
  return { model, ...Object.fromEntries(values) };
}
