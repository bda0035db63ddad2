import { z } from 'zod';

/** The parts of the published schema (CycloneDX 1.6, JSON) that we write: what it requires, and nothing that it does not know. */
const ref = z.string().min(1);
const hex = /^([a-fA-F0-9]{32}|[a-fA-F0-9]{40}|[a-fA-F0-9]{64}|[a-fA-F0-9]{96}|[a-fA-F0-9]{128})$/;
const algorithm = z.enum(['MD5', 'SHA-1', 'SHA-256', 'SHA-384', 'SHA-512', 'SHA3-256', 'SHA3-384', 'SHA3-512', 'BLAKE3']);
const licence = z.strictObject({ license: z.strictObject({ id: z.string().regex(/^[0-9A-Za-z.-]+$/) }) });
const expression = z.strictObject({ expression: z.string().regex(/ (AND|OR) /) });
const component = z.strictObject({
  type: z.enum([
    'application',
    'framework',
    'library',
    'container',
    'platform',
    'operating-system',
    'device',
    'firmware',
    'file',
  ]),
  'bom-ref': ref,
  group: z.string().optional(),
  name: z.string().min(1),
  version: z.string().max(1_024),
  scope: z.enum(['required', 'optional', 'excluded']).optional(),
  hashes: z.array(z.strictObject({ alg: algorithm, content: z.string().regex(hex) })).optional(),
  licenses: z.union([z.array(licence), z.tuple([expression])]).optional(),
  purl: z
    .string()
    .regex(
      /^pkg:(?:npm\/(?:%40[a-z0-9._-]+\/)?|deb\/[a-z]+\/|generic\/)[A-Za-z0-9._%-]+@[0-9A-Za-z.%+~-]+(?:\?[a-z]+=[\w.%~-]+(?:&[a-z]+=[\w.%~-]+)*)?$/,
    )
    .optional(),
});
export const publishedShape = z.strictObject({
  $schema: z.literal('http://cyclonedx.org/schema/bom-1.6.schema.json'),
  bomFormat: z.literal('CycloneDX'),
  specVersion: z.literal('1.6'),
  serialNumber: z.string().regex(/^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/),
  version: z.int().min(1),
  metadata: z.strictObject({ component }),
  components: z.array(component),
  dependencies: z.array(z.strictObject({ ref, dependsOn: z.array(ref) })),
});
