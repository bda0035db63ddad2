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

const PATH_CHARS_MAX = 1_000;
const FIELD_CHARS_MAX = 200;

const body = z.strictObject({
  key_id: id,
  path: text(PATH_CHARS_MAX, 1).meta({
    description:
      'The path to which an application would send the body, with its query. It says the dialect: that of chat completions, responses, messages, Gemini or text completions.',
    examples: ['/v1/chat/completions'],
  }),
  body: z.record(text(FIELD_CHARS_MAX, 1), z.unknown()).meta({
    description: 'The body in the dialect of the path. The data plane gets it as it is.',
    examples: [{ model: 'fast', messages: [{ role: 'user', content: 'Say hello.' }] }],
  }),
  tags: tagList.optional().meta({ description: 'Tags for routing, as an application sends them in `x-headgate-tags`.' }),
});
type PlaygroundBody = z.output<typeof body>;

export const call = route({
  summary: 'Call a target as a key',
  description:
    'Returns the data plane’s answer to that key in the dialect of the path, including refusals, as JSON or as a stream, with its headers. The call is admitted, charged and logged like any other call with the key.',
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
    const { path: target, tags = [] } = body;
    const bytes = Buffer.from(JSON.stringify(body.body));
    return (response) => playground({ organizationId, keyId, target, body: bytes, tags, response });
  },
});

async function loadKey(call: AdminCall<unknown, unknown, PlaygroundBody>): Promise<Loaded<load.LoadedKey>> {
  return load.keyById(call, call.body.key_id);
}
