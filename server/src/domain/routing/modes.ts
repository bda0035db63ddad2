/** The requests that a deployment serves: chats, texts that the model continues, and those that are no conversation. */
export const DEPLOYMENT_MODES = [
  'chat',
  'completion',
  'embedding',
  'rerank',
  'moderation',
  'image',
  'speech',
  'transcription',
] as const;
export type DeploymentMode = (typeof DEPLOYMENT_MODES)[number];

/** The modes whose answers hold no output tokens, whatever their size. */
const WITHOUT_OUTPUT: ReadonlySet<DeploymentMode> = new Set(['embedding', 'rerank', 'moderation']);

/** Reports whether answers of this mode are billed for output tokens. */
export function hasOutput(mode: DeploymentMode): boolean {
  return !WITHOUT_OUTPUT.has(mode);
}

/** Reports whether the size of an answer suggests how many tokens it took. */
export function answersInText(mode: DeploymentMode): boolean {
  return mode === 'chat' || mode === 'completion' || mode === 'embedding' || mode === 'transcription';
}

/** Reports whether requests of this mode may name the most that the model writes. */
export function takesOutputCap(mode: DeploymentMode): boolean {
  return mode === 'chat' || mode === 'completion';
}
