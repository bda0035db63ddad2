import { functionNames, isForm, isOfResponses } from '../../dialects/exchange.ts';
import { isObject } from '../../dialects/json.ts';
import { whole } from '../../lib/pieces.ts';
import type { Gateway } from '../gateway.ts';
import type { Admission } from '../walk.ts';

/**
 * Returns the content of a request that its organization's audit policy keeps, sealed under that organization's key; null if it
 * keeps none. `metadata` keeps roles, sizes and tool names, and no text of messages. `full` keeps both bodies, each up to
 * `contentBytesMax`.
 */
export function contentToKeep(admission: Admission, answer: Buffer | null, gateway: Gateway): Buffer | null {
  const { organization } = admission.entitlement;
  switch (organization.auditContent) {
    case 'off':
    case 'redacted': // Its engine is not built; the admin API refuses to store it.
      return null;
    case 'metadata':
      return gateway.sealContent(organization, admission.walk.id, JSON.stringify(metadataOf(admission, answer)));
    case 'full':
      return gateway.sealContent(
        organization,
        admission.walk.id,
        JSON.stringify(fullOf(admission, answer, gateway.settings.contentBytesMax)),
      );
  }
}

function fullOf(admission: Admission, answer: Buffer | null, bytesMax: number): object {
  return {
    mode: 'full',
    // Of a form its fields are kept, and no files.
    request: isForm(admission.walk.endpoint.wire)
      ? bounded(Buffer.from(JSON.stringify(admission.asked.body)), bytesMax)
      : bounded(whole(admission.walk.request.body), bytesMax),
    response: answer === null ? null : bounded(answer, bytesMax),
  };
}

function bounded(bytes: Buffer, bytesMax: number): string {
  return bytes.length <= bytesMax ? bytes.toString() : `${bytes.toString('utf8', 0, bytesMax)}…[${bytes.length} bytes]`;
}

function metadataOf(admission: Admission, answer: Buffer | null): object {
  const { body, facts } = admission.asked;
  return {
    mode: 'metadata',
    request: {
      bytes: admission.walk.request.form?.length ?? admission.walk.request.body.length,
      messages: messagesOf(admission).slice(0, 1_000).map(messageMetadata),
      tools: admission.walk.endpoint.wire === 'gemini' ? functionNames(body.tools) : toolNames(body.tools),
      output_cap: facts.outputCap,
      media_parts: facts.mediaParts,
    },
    response: answer === null ? null : { bytes: answer.length },
  };
}

/** Returns the messages of a chat, the items of a Responses request, the turns of Gemini's, or the prompts of a text completion. */
function messagesOf({ asked, walk }: Admission): readonly unknown[] {
  const { messages, input, contents, prompt } = asked.body;
  if (walk.endpoint.wire === 'openai-completions') return promptMessages(prompt);
  if (walk.endpoint.wire === 'gemini') return Array.isArray(contents) ? contents : [contents];
  if (!isOfResponses(walk.endpoint.wire)) return Array.isArray(messages) ? messages : [];
  return typeof input === 'string' ? [{ role: 'user', content: input }] : Array.isArray(input) ? input : [];
}

/** Returns prompts as messages. A list of tokens is one prompt. */
function promptMessages(prompt: unknown): readonly unknown[] {
  const prompts = Array.isArray(prompt) && typeof prompt[0] !== 'number' ? prompt : [prompt];
  return prompts.map((content) => ({ role: 'user', content }));
}

/** Returns who said it and its size. An item without a role is named by its type. */
function messageMetadata(message: unknown): object {
  if (!isObject(message)) return {};
  const role = message.role ?? message.type;
  const said = message.content ?? message.output ?? message.arguments ?? message.input ?? message.parts ?? '';
  return {
    role: typeof role === 'string' ? role.slice(0, 32) : null,
    bytes: Buffer.byteLength(JSON.stringify(said)),
  };
}

function toolNames(tools: unknown): readonly string[] {
  if (!Array.isArray(tools)) return [];
  return tools.slice(0, 200).flatMap((tool: unknown) => {
    if (!isObject(tool)) return [];
    const name = isObject(tool.function) ? tool.function.name : tool.name;
    return typeof name === 'string' ? [name.slice(0, 128)] : [];
  });
}
