import type { FastifyDynamicSwaggerOptions } from '@fastify/swagger';
import { createJsonSchemaTransform, createJsonSchemaTransformObject } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { programVersion } from '../../lib/program-version.ts';

/** The schema of every error answer. */
export const problemSchema = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    errors: z.array(z.object({ pointer: z.string(), message: z.string() })),
    request_id: z.string(),
  })
  .meta({ id: 'Problem', description: 'An error in the format of RFC 9457, with a JSON pointer for each invalid field.' });

const withRefs = createJsonSchemaTransformObject({});

/** Options of the API reference. It is generated from the schemas that validate, so it always matches the program. */
export const openapiOptions: FastifyDynamicSwaggerOptions = {
  openapi: {
    openapi: '3.1.0',
    info: {
      title: 'Headgate admin API',
      version: programVersion,
      description:
        'Controls who may call which model, at what rate and for how much money, and records every change. Lists use cursors. A PATCH keeps absent fields and clears null ones. Money is a decimal string in USD. Times are RFC 3339 in UTC. Each process writes at most two exports at once; a third gets 429 with `Retry-After`. An export that fails midway reports the error in its last line and closes the connection.',
    },
    components: {
      securitySchemes: {
        adminToken: { type: 'http', scheme: 'bearer', description: 'An admin token, `hgadm_…`.' },
        session: {
          type: 'apiKey',
          in: 'cookie',
          name: 'headgate_session',
          description: 'The cookie of a person who signed in. Changes are accepted only from the console’s own address.',
        },
      },
    },
    security: [{ adminToken: [] }, { session: [] }],
  },
  transform: createJsonSchemaTransform({}),
  transformObject: (document) =>
    withPlainNames(withoutUnusedSchemas(withRefs(document) as OpenapiDocument)) as ReturnType<typeof withRefs>,
};

interface OpenapiDocument {
  readonly components?: { readonly schemas?: Readonly<Record<string, unknown>> };
}

/**
 * Removes schemas that nothing refers to. Every named schema exists in an input and an output form, and often only one is used.
 */
function withoutUnusedSchemas(document: OpenapiDocument): OpenapiDocument {
  const schemas = document.components?.schemas ?? {};
  const used = new Set<string>();
  const visit = (value: unknown): void => {
    for (const name of referencesIn(value)) {
      if (used.has(name)) continue;
      used.add(name);
      visit(schemas[name]);
    }
  };
  visit({ ...document, components: undefined });
  const kept = Object.keys(schemas)
    .filter((name) => used.has(name))
    .sort();
  return {
    ...document,
    components: { ...document.components, schemas: Object.fromEntries(kept.map((name) => [name, schemas[name]])) },
  };
}

/** Renames a schema `…Input` to its plain name if no other schema has that name. The library adds `Input` to every input form. */
function withPlainNames(document: OpenapiDocument): OpenapiDocument {
  const schemas = document.components?.schemas ?? {};
  const isLonely = (name: string) => name.endsWith('Input') && !(name.slice(0, -'Input'.length) in schemas);
  const text = Object.keys(schemas)
    .filter(isLonely)
    .reduce((text, name) => text.replaceAll(`/schemas/${name}"`, `/schemas/${plain(name)}"`), JSON.stringify(document));
  const renamed = JSON.parse(text) as OpenapiDocument;
  const entries = Object.entries(renamed.components?.schemas ?? {}).map(
    ([name, schema]) => [isLonely(name) ? plain(name) : name, schema] as const,
  );
  return { ...renamed, components: { ...renamed.components, schemas: Object.fromEntries(entries) } };
}

function plain(name: string): string {
  return name.slice(0, -'Input'.length);
}

function referencesIn(value: unknown): readonly string[] {
  const text = JSON.stringify(value) ?? '';
  return [...text.matchAll(/"#\/components\/schemas\/([^"]+)"/g)].map((match) => match[1] as string);
}
