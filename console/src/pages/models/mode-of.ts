import type { Schema } from '../../api/client.ts';

/** Guesses what an upstream model serves from its name. */
export function modeOf(upstream: string): Schema<'Deployment'>['mode'] {
  if (/embed/i.test(upstream)) return 'embedding';
  // The models that OpenAI serves at /completions alone.
  return /^(?:gpt-3\.5-turbo-instruct|davinci-002|babbage-002)/i.test(upstream) ? 'completion' : 'chat';
}
