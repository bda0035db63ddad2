import type { FastifyDynamicSwaggerOptions } from '@fastify/swagger';
import { createJsonSchemaTransform, createJsonSchemaTransformObject } from 'fastify-type-provider-zod';
import { z } from 'zod';

/** What every refusal looks like. */
export const problemSchema = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    errors: z.array(z.object({ pointer: z.string(), message: z.string() })),
    request_id: z.string(),
  })
  .meta({ id: 'Problem', description: 'RFC 9457, with a JSON pointer for each faulty field.' });

const withRefs = createJsonSchemaTransformObject({});

/** The reference is made from the schemas that validate, so it cannot say anything else than the program does. */
export const openapiOptions: FastifyDynamicSwaggerOptions = {
  openapi: {
    openapi: '3.1.0',
    info: {
      title: 'Headgate admin API',
      version: '1',
      description:
        'Who may call which model, how fast, for how much money, and who changed it. Lists page forward by cursor; PATCH keeps what is absent and clears what is null; money is a decimal string in USD; times are RFC 3339 in UTC. Each process writes two exports at once; a third is 429 with `Retry-After`. An export that fails on its way says so in its last line, and its connection breaks off.',
    },
    components: {
      securitySchemes: {
        adminToken: { type: 'http', scheme: 'bearer', description: 'An admin token, `hgadm_…`.' },
        session: {
          type: 'apiKey',
          in: 'cookie',
          name: 'headgate_session',
          description: 'A person who signed in. Changes are taken from the console’s own address alone.',
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

/** Every named schema exists in an input and an output form; those that nothing refers to would only be noise. */
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

/** The library names the input form of a schema `…Input`, also where there is no other; then the plain name will do. */
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
