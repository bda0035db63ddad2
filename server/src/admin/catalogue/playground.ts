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

/** The characters of all files of a body in base64. The body has 4 MiB, so 3 MB of files and a long text fit. */
const FILE_CHARS_MAX = 4_000_000;
const FILES_MAX = 16;

const file = z.strictObject({
  field: text(FIELD_CHARS_MAX, 1).meta({ description: 'The name of the part in the form.', examples: ['file'] }),
  name: text(FIELD_CHARS_MAX, 1).meta({ examples: ['recording.wav'] }),
  content_type: z
    .string()
    .max(100)
    .regex(/^[\w.+-]{1,49}\/[\w.+-]{1,49}$/)
    .meta({ examples: ['audio/wav'] }),
  data: z
    .string()
    .max(FILE_CHARS_MAX)
    .regex(/^[A-Za-z0-9+/]*={0,2}$/)
    .meta({ description: 'The content in base64.', examples: ['UklGRg=='] }),
});

const body = z.strictObject({
  key_id: id,
  path: text(PATH_CHARS_MAX, 1).meta({
    description:
      'The path to which an application would send the body, with its query. It says the dialect and what is done: chat completions, embeddings, pictures, and so on.',
    examples: ['/v1/chat/completions'],
  }),
  body: z.record(text(FIELD_CHARS_MAX, 1), z.unknown()).meta({
    description: 'The body in the dialect of the path. The data plane gets it as it is.',
    examples: [{ model: 'fast', messages: [{ role: 'user', content: 'Say hello.' }] }],
  }),
  files: z.array(file).max(FILES_MAX).optional().meta({
    description:
      'Files to upload, for paths that take a form. The body is then sent as a form (`multipart/form-data`): its fields, and these files. All of it has at most 4 MiB.',
  }),
  tags: tagList.optional().meta({ description: 'Tags for routing, as an application sends them in `x-headgate-tags`.' }),
});
type PlaygroundBody = z.output<typeof body>;

export const call = route({
  summary: 'Call a target as a key',
  description:
    'Returns the data plane’s answer to that key in the dialect of the path, including refusals, as JSON, as a stream or as a sound file, with its headers. The call is admitted, charged and logged like any other call with the key.',
  permission: ['keys.manage', 'keys.manage_own'],
  body,
  response: z.custom<PassOn>(),
  form: 'passed_on',
  takesFile: true,
  load: loadKey,
  handle: async ({ body, deps }, { row }) => {
    const { playground } = deps;
    if (playground === undefined)
      throw new Problem(
        503,
        'This process does not serve the data plane, so the playground cannot call it. Ask a process that does (HEADGATE_ROLE).',
      );
    const { organizationId, id: keyId } = row;
    const { path: target, tags = [], files = [] } = body;
    const uploads = files.map(({ field, name, content_type: contentType, data }) => ({
      ...{ field, filename: name, contentType },
      bytes: Buffer.from(data, 'base64'),
    }));
    return (response) => playground({ organizationId, keyId, target, body: body.body, files: uploads, tags, response });
  },
});

async function loadKey(call: AdminCall<unknown, unknown, PlaygroundBody>): Promise<Loaded<load.LoadedKey>> {
  return load.keyById(call, call.body.key_id);
}
