import { z } from 'zod';

/** The schema of every error answer, which the reference names `Problem`. */
z.globalRegistry.add(
  z.object({
    type: z.string().meta({ examples: ['about:blank'] }),
    title: z.string().meta({ examples: ['Bad Request'] }),
    status: z.int().meta({ examples: [400] }),
    detail: z.string().meta({ examples: ['/name: is required'] }),
    errors: z.array(
      z.object({
        pointer: z.string().meta({
          description:
            'A JSON pointer into the body (`/rate_limits/rpm`), `?name` for a query parameter, or the name of a header. Empty if no single field is at fault.',
          examples: ['/name'],
        }),
        message: z.string().meta({ examples: ['is required'] }),
      }),
    ),
    request_id: z.string(),
  }),
  { id: 'Problem', description: 'An error in the format of RFC 9457, with a pointer for each invalid field.' },
);
