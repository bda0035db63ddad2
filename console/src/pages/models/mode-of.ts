import type { Schema } from '../../api/client.ts';

/** Guesses what an upstream model serves from its name. */
export function modeOf(upstream: string): Schema<'Deployment'>['mode'] {
  if (/embed/i.test(upstream)) return 'embedding';
  if (/rerank/i.test(upstream)) return 'rerank';
  if (/moderation/i.test(upstream)) return 'moderation';
  if (/^(?:gpt-image|chatgpt-image|dall-e|fake-image)|image-gen/i.test(upstream)) return 'image';
  if (/(?:^|-)tts(?:-|$)|fake-speech/i.test(upstream)) return 'speech';
  if (/whisper|transcri/i.test(upstream)) return 'transcription';
  // The models that OpenAI serves at /completions alone.
  return /^(?:gpt-3\.5-turbo-instruct|davinci-002|babbage-002)/i.test(upstream) ? 'completion' : 'chat';
}
