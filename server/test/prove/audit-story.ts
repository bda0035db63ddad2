/** Three organizations that keep nothing, sizes, or everything of what is said, and one call of each kind in each. */
import { randomBytes } from 'node:crypto';
import { chat, type Said } from './data-plane.ts';
import type { Gateway } from './gateway.ts';
import type { SmallProvider } from './small-provider.ts';
import { makeCredential, makeKey, makeModel, makeTenant } from './tenant.ts';

export const MODES = ['off', 'metadata', 'full'] as const;
export type Mode = (typeof MODES)[number];

/** How a call goes. The last two put what was said into an error: the provider's message, and an answer nobody can read. */
export const FORMS = ['json', 'stream', 'refused', 'echoed in an error', 'unreadable answer'] as const;
type Form = (typeof FORMS)[number];

/** One word in every prompt and answer, to be found wherever it lies open. */
export const WORD = `canary${randomBytes(6).toString('hex')}`;
export const promptOf = (mode: Mode, form: Form) => `${WORD}prompt ${mode} ${form}`;
const answerOf = (prompt: string) => prompt.replace('prompt', 'answer');

export interface Asked {
  readonly mode: Mode;
  readonly form: Form;
  readonly requestId: string;
  readonly said: Said;
}

export interface Story {
  readonly organizations: Readonly<Record<Mode, string>>;
  readonly asked: readonly Asked[];
  /** Secrets of keys and the admin token, which must lie nowhere. */
  readonly secrets: readonly string[];
}

/** A provider that says what it was told, in the way the prompt asks for. */
export function echo({ body }: { readonly body: string }) {
  const prompt = (JSON.parse(body) as { messages: { content: string }[] }).messages[0]?.content ?? '';
  if (prompt.endsWith('echoed in an error')) return { status: 400, message: `bad prompt: ${prompt} ${answerOf(prompt)}` };
  if (prompt.endsWith('unreadable answer')) return { raw: `{"choices": ${answerOf(prompt)}` };
  return { text: answerOf(prompt) };
}

/** One organization for each policy, and one call of each form in each. */
export async function tell(gateway: Gateway, provider: SmallProvider): Promise<Story> {
  const credentialId = await makeCredential(gateway, 'openai', provider.baseUrl);
  await makeModel(gateway, { model: 'said', provider: 'openai', upstreamModel: 'said', credentialId });
  const organizations: Partial<Record<Mode, string>> = {};
  const secrets: string[] = [];
  const asked: Asked[] = [];
  for (const mode of MODES) {
    const tenant = await makeTenant(gateway, { audit: { content: mode } });
    const key = await makeKey(gateway, tenant);
    organizations[mode] = tenant.organizationId;
    secrets.unshift(key.secret);
    for (const form of FORMS) {
      const prompt = promptOf(mode, form);
      const said = await chat(gateway, key.secret, form === 'refused' ? 'nowhere' : 'said', {
        prompt,
        stream: form === 'stream',
      });
      asked.push({ mode, form, said, requestId: said.headers.get('x-request-id') ?? '' });
    }
  }
  return { organizations: organizations as Record<Mode, string>, asked, secrets: [...secrets, gateway.adminToken] };
}
