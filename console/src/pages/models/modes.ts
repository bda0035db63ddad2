import type { Schema } from '../../api/client.ts';
import { words } from './words.ts';

type Mode = Schema<'Deployment'>['mode'];

/** The words for what a deployment serves. */
export const MODE_NAMES: Readonly<Record<Mode, string>> = {
  chat: words.chat,
  completion: words.completionsMode,
  embedding: words.embeddingsMode,
  rerank: words.rerankMode,
  moderation: words.moderationsMode,
  image: words.imagesMode,
  speech: words.speechMode,
  transcription: words.transcriptionsMode,
};

/** The addition to a name for what a deployment serves; nothing for chats, which most serve. */
export const MODE_MARKS: Readonly<Record<Mode, string>> = {
  chat: '',
  completion: words.dotCompletions,
  embedding: words.dotEmbeddings,
  rerank: words.dotRerank,
  moderation: words.dotModerations,
  image: words.dotImages,
  speech: words.dotSpeech,
  transcription: words.dotTranscriptions,
};
