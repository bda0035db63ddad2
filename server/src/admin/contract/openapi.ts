import type { FastifyDynamicSwaggerOptions } from '@fastify/swagger';
import { createJsonSchemaTransform, createJsonSchemaTransformObject } from 'fastify-type-provider-zod';
import { programVersion } from '../../lib/program-version.ts';
import { withExamples } from './examples.ts';
import { withoutUnusedSchemas, withPlainNames } from './named-schemas.ts';
import { withProblems } from './responses.ts';
import type { OpenapiDocument } from './schema.ts';
import { tagList } from './tags.ts';
import { withoutTypeLists } from './type-lists.ts';

const withRefs = createJsonSchemaTransformObject({});

/**
 * Options of the API reference. It is generated from the schemas that validate, so it always matches the program. Security schemes
 * have names that no schema has: generators of clients make one type of each.
 */
export const openapiOptions: FastifyDynamicSwaggerOptions = {
  openapi: {
    openapi: '3.1.0',
    info: {
      title: 'Headgate admin API',
      version: programVersion,
      description:
        'Controls who may call which model, at what rate and for how much money, and records every change. Lists use cursors. A PATCH keeps absent fields and clears null ones. Money is a decimal string in USD. Times are RFC 3339 in UTC. A query parameter that is on or off takes `true` or `false`. Each process writes at most two exports at once; a third gets 429 with `Retry-After`. An export that fails midway reports the error in its last line and closes the connection.',
      license: { name: 'Apache 2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/', description: 'The gateway that serves this document.' }],
    tags: [...tagList],
    components: {
      securitySchemes: {
        bearerAuth: { type: 'http', scheme: 'bearer', description: 'An admin token, `hgadm_…`.' },
        cookieAuth: {
          type: 'apiKey',
          in: 'cookie',
          name: 'headgate_session',
          description: 'The cookie of a person who signed in. Changes are accepted only from the console’s own address.',
        },
      },
    },
    security: [{ bearerAuth: [] }, { cookieAuth: [] }],
  },
  transform: createJsonSchemaTransform({}),
  transformObject: (document) => shaped(withRefs(document) as OpenapiDocument) as ReturnType<typeof withRefs>,
};

function shaped(document: OpenapiDocument): OpenapiDocument {
  return withExamples(withPlainNames(withoutUnusedSchemas(withProblems(withoutTypeLists(document)))));
}
