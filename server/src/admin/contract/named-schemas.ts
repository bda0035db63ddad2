import type { OpenapiDocument, Schema } from './schema.ts';

/** Removes schemas that nothing refers to. Every named schema exists in an input and an output form, and often only one is used. */
export function withoutUnusedSchemas(document: OpenapiDocument): OpenapiDocument {
  const schemas = document.components?.schemas ?? {};
  const used = new Set<string>();
  const visit = (value: unknown): void => {
    for (const name of referencesIn(value)) {
      if (used.has(name)) continue;
      used.add(name);
      visit(schemas[name]);
    }
  };
  visit({ ...document, components: { ...document.components, schemas: undefined } });
  const kept = Object.keys(schemas)
    .filter((name) => used.has(name))
    .sort();
  return {
    ...document,
    components: { ...document.components, schemas: Object.fromEntries(kept.map((name) => [name, schemas[name] as Schema])) },
  };
}

/** Renames a schema `…Input` to its plain name if no other schema has that name. The library adds `Input` to every input form. */
export function withPlainNames(document: OpenapiDocument): OpenapiDocument {
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
