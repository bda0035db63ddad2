/** The presets that come with this version: presets.json, checked when it is read. */
import { readFileSync } from 'node:fs';
import type { Preset } from '../domain/presets/preset.ts';
import { readPresets } from '../domain/presets/read-preset.ts';
import type { CheckAddress } from '../domain/presets/reading.ts';
import { checkBaseUrl, createAddressPolicy } from '../upstream/address-policy.ts';

const FILE = new URL('./presets.json', import.meta.url);

/**
 * The servers that run beside the gateway. Their addresses are examples, which the platform must list in
 * HEADGATE_ALLOWED_UPSTREAMS before a credential can have them.
 */
const LOCAL: ReadonlySet<string> = new Set(['lmstudio', 'vllm', 'ollama', 'llamacpp']);

/** The presets of which recorded answers show that chats work: see docs/capabilities.md. A test compares this with the recordings. */
export const PROVEN_PRESETS: ReadonlySet<string> = new Set([
  ...['deepseek', 'gemini-openai', 'groq', 'lmstudio', 'mistral', 'moonshotai', 'openrouter', 'perplexity', 'xai'],
]);

/** The file of presets is wrong. The start fails with one line. */
export class BadPresets extends Error {}

/** Returns the shipped presets. Throws BadPresets with the row and the field at fault. */
export function shippedPresets(text: string = readFileSync(FILE, 'utf8')): readonly Preset[] {
  const read = readPresets(parsed(text), (id) => (LOCAL.has(id) ? checkLocal : checkPublic));
  if ('problem' in read) throw new BadPresets(`The shipped presets cannot be used: ${read.problem}.`);
  return read.presets;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new BadPresets('The shipped presets cannot be used: presets.json is not JSON.');
  }
}

const checkPublic: CheckAddress = (url) => checkBy(url, '');
/** Only this machine itself is a default: nobody lists its address for another purpose. */
const checkLocal: CheckAddress = (url) => checkBy(url, 'localhost');

function checkBy(url: string, allowedUpstreams: string): string | null {
  const policy = createAddressPolicy({ mode: 'production', allowedUpstreams, setting: 'the presets of local servers' });
  return 'problem' in policy ? policy.problem : checkBaseUrl(url, policy);
}
