import { z } from 'zod';
import type { PassOn } from '../http/answer.ts';
import type { AdminCall } from '../http/call.ts';
import { id } from '../http/fields.ts';
import * as load from '../http/load.ts';
import { Problem } from '../http/problem.ts';
import { type Loaded, route } from '../http/route.ts';
import { text } from '../http/schemas.ts';
import { tagList } from '../limits/tag-fields.ts';

/** Calls a target from the console as one of the keys that the caller may use. */

const MESSAGES_MAX = 500;
const CONTENT_CHARS_MAX = 500_000;

const body = z.strictObject({
  key_id: id,
  endpoint: z.literal('chat').default('chat'),
  model: text(200, 1),
  messages: z
    .array(z.strictObject({ role: z.enum(['system', 'user', 'assistant']), content: text(CONTENT_CHARS_MAX) }))
    .min(1)
    .max(MESSAGES_MAX),
  stream: z.boolean().default(false),
  max_tokens: z.int().min(1).max(10_000_000).optional(),
  temperature: z.number().min(0).max(2).optional(),
  tags: tagList.optional().meta({ description: 'Tags for routing, as an application sends them in `x-headgate-tags`.' }),
});
type PlaygroundBody = z.output<typeof body>;

export const call = route({
  summary: 'Call a target as a key',
  description:
    'Returns the data plane’s answer to that key, including refusals, as JSON or as a stream, with its headers. The call is admitted, charged and logged like any other call with the key.',
  permission: ['keys.manage', 'keys.manage_own'],
  body,
  response: z.custom<PassOn>(),
  form: 'passed_on',
  load: loadKey,
  handle: async ({ body, deps }, { row }) => {
    const { playground } = deps;
    if (playground === undefined)
      throw new Problem(
        503,
        'This process does not serve the data plane, so the playground cannot call it. Ask a process that does (HEADGATE_ROLE).',
      );
    const { organizationId, id: keyId } = row;
    const { tags = [] } = body;
    return (response) => playground({ organizationId, keyId, body: completionOf(body), tags, response });
  },
});

async function loadKey(call: AdminCall<unknown, unknown, PlaygroundBody>): Promise<Loaded<load.LoadedKey>> {
  return load.keyById(call, call.body.key_id);
}

/** Builds the body that an application would send. A stream also requests its usage, which the page shows. */
function completionOf({ key_id: _, endpoint: __, tags: ___, ...asked }: PlaygroundBody): Buffer {
  const usage = asked.stream ? { stream_options: { include_usage: true } } : {};
  return Buffer.from(JSON.stringify({ ...asked, ...usage }));
}
