import { z } from 'zod';
import { KEYED_PROVIDER_NAME } from '../../domain/presets/forms.ts';
import { CREDENTIAL_KINDS, type CredentialSettings } from '../../domain/routing/credential.ts';
import { CREDENTIAL_RULES, SETTING_FORMS } from '../../domain/routing/credential-kinds.ts';
import { KEY_FILE_CHARS_MAX, SECRET_FORMS } from '../../domain/routing/credential-secret.ts';
import { instant, name } from '../http/fields.ts';
import { lacks, never, text } from '../http/schemas.ts';

/** The fields of credentials in requests. */

/** The providers with code of their own. */
export const CODED = Object.keys(CREDENTIAL_RULES);

export const provider = z
  .string()
  .regex(KEYED_PROVIDER_NAME, 'must be a provider or the id of a preset')
  .meta({ description: `A provider (${CODED.join(', ')}) or the id of a preset.`, examples: ['openai'] });

export const kind = z.enum(CREDENTIAL_KINDS).meta({
  description:
    'The kind of secret. `openai`, `anthropic`, `gemini`, `cohere`, `voyage` and presets take `api_key`; `bedrock` takes `aws_static`, `aws_bearer` or `ambient`; `azure` takes `api_key`, `azure_entra` or `ambient`; `vertex` takes `gcp_service_account` or `ambient`. `ambient` is the identity of the gateway’s machine, and only if HEADGATE_AMBIENT_CREDENTIALS names its cloud.',
});

/**
 * A provider's API key. It becomes a header value, so only visible ASCII is accepted: other characters could add to the request's
 * head.
 */
export const apiKey = z
  .string()
  .regex(/^[\x21-\x7e]{1,4096}$/, 'must be 1 to 4096 visible ASCII characters without spaces')
  .meta({ description: 'The secret of the kinds `api_key` and `aws_bearer`.' });

/** The form that `checkBaseUrl` demands. */
const BASE_URL_PATTERN =
  '^[Hh][Tt][Tt][Pp][Ss]?://[^/\\s\\\\@?#\\u0000-\\u001f\\u007f]+(?:/[^\\s\\\\?#\\u0000-\\u001f\\u007f]*)?$';

/** A base URL. `checkBaseUrl` judges its host. */
export const baseUrlText = text(2_048).meta({ pattern: BASE_URL_PATTERN });

export const baseUrl = baseUrlText.nullish().meta({
  description:
    'The base URL of the API, with `/v1` for the openai kind and without it for the anthropic kind. It must begin with `https://` unless HEADGATE_ALLOWED_UPSTREAMS lists its host. Null for the vendor’s own address; `azure` has none and needs one. The address of a preset is stored with each credential.',
});

function formed({ pattern, words }: { readonly pattern: RegExp; readonly words: string }) {
  return z.string().regex(pattern, words);
}

export const settings = z
  .strictObject({
    region: formed(SETTING_FORMS.region)
      .optional()
      .meta({ description: 'Required for `bedrock`.', examples: ['eu-central-1'] }),
    project: formed(SETTING_FORMS.project)
      .optional()
      .meta({ description: 'Required for `vertex`.', examples: ['acme-prod'] }),
    location: formed(SETTING_FORMS.location)
      .optional()
      .meta({ description: 'Required for `vertex`.', examples: ['europe-west4'] }),
    api_version: formed(SETTING_FORMS.apiVersion)
      .optional()
      .meta({
        description: 'Only for `azure`: the version for its older paths (`/openai/deployments/…`). Absent: its newer paths.',
        examples: ['2024-10-21'],
      }),
  })
  .meta({ description: 'The facts of a credential that are not secret. Replaces all of them.' });

const keyFile = z.union([
  text(KEY_FILE_CHARS_MAX, 2),
  z.record(text(100, 1), z.unknown()).meta({ examples: [{ type: 'service_account' }] }),
]);

/** The secrets that are more than one text. */
export const secret = z
  .discriminatedUnion('kind', [
    z.strictObject({
      kind: z.literal('aws_static'),
      access_key_id: formed(SECRET_FORMS.accessKeyId).meta({ examples: ['AKIAIOSFODNN7EXAMPLE'] }),
      secret_access_key: formed(SECRET_FORMS.secretAccessKey).meta({ examples: ['wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY'] }),
      session_token: formed(SECRET_FORMS.sessionToken)
        .optional()
        .meta({ examples: ['IQoJb3JpZ2luX2VjEXAMPLE='] }),
      role_arn: formed(SECRET_FORMS.roleArn)
        .optional()
        .meta({ description: 'The role to take with these keys.', examples: ['arn:aws:iam::123456789012:role/headgate'] }),
      external_id: formed(SECRET_FORMS.externalId)
        .optional()
        .meta({ description: 'The external id that the role’s policy demands.', examples: ['headgate-1'] }),
    }),
    z.strictObject({
      kind: z.literal('azure_entra'),
      tenant: formed(SECRET_FORMS.tenant).meta({ examples: ['0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9'] }),
      client_id: formed(SECRET_FORMS.clientId).meta({ examples: ['1a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9'] }),
      client_secret: formed(SECRET_FORMS.clientSecret).meta({ examples: ['abc8Q~0123456789'] }),
    }),
    z.strictObject({
      kind: z.literal('gcp_service_account'),
      key_file: keyFile.meta({
        description:
          'The key file of a service account, as text or as its JSON. Files of another type are refused, as is any `token_uri` but Google’s.',
      }),
    }),
  ])
  .meta({ description: 'The secret of the kinds `aws_static`, `azure_entra` and `gcp_service_account`.' });

const expiresAt = instant.nullish().meta({
  description:
    'The time at which the provider ends the secret, as far as it is known. Alert rules warn before it; nothing else uses it.',
});

const BOTH_SECRETS = { required: ['api_key', 'secret'] };
const KEEP_HOURS_MAX = 168;
export const KEEP_HOURS = 24;

/** The rules between these fields are checked by `requireSound` and `requireSecret` (credential-input.ts). */
export const createBody = z
  .strictObject({
    name,
    provider,
    kind: kind.default('api_key'),
    settings: settings.optional(),
    api_key: apiKey.optional(),
    secret: secret.optional(),
    base_url: baseUrl,
    expires_at: expiresAt,
  })
  .meta({
    ...never(BOTH_SECRETS, {
      properties: { kind: { const: 'api_key' }, provider: { enum: CODED } },
      ...lacks('api_key'),
    }),
    'x-example': {
      ...{ name: 'bedrock-eu', provider: 'bedrock', kind: 'aws_bearer', settings: { region: 'eu-central-1' } },
      api_key: 'ABSKEXAMPLE0123456789',
    },
  });

/** The same for what an organization brings. */
export const ownCreateBody = z.strictObject({ ...createBody.shape }).meta({
  ...never(BOTH_SECRETS, {
    properties: { kind: { const: 'api_key' }, provider: { enum: CODED } },
    ...lacks('api_key'),
  }),
  'x-example': { name: 'our account', provider: 'openai', api_key: 'sk-0123456789abcdef' },
});

export const patchBody = z
  .strictObject({
    name: name.optional(),
    settings: settings.optional(),
    api_key: apiKey.optional(),
    secret: secret.optional(),
    keep_previous_hours: z
      .int()
      .min(0)
      .max(KEEP_HOURS_MAX)
      .optional()
      .meta({
        description: `The hours for which the replaced secret counts beside the new one; ${KEEP_HOURS} if absent. If the provider refuses one of the two, a call tries the other at once. 0 replaces it at once.`,
      }),
    base_url: baseUrl,
    expires_at: expiresAt,
  })
  .meta({
    ...never(BOTH_SECRETS, { required: ['keep_previous_hours'], ...lacks('api_key', 'secret') }),
    'x-example': { api_key: 'sk-0123456789abcdef', keep_previous_hours: 24 },
  });
export type CreateBody = z.output<typeof createBody>;
export type PatchBody = z.output<typeof patchBody>;

/** Returns the settings of a request as they are stored. */
export function settingsFrom(given: z.output<typeof settings> | undefined): CredentialSettings {
  const { region, project, location, api_version: apiVersion } = given ?? {};
  return {
    ...(region === undefined ? {} : { region }),
    ...(project === undefined ? {} : { project }),
    ...(location === undefined ? {} : { location }),
    ...(apiVersion === undefined ? {} : { apiVersion }),
  };
}

/** Returns stored settings as the API shows them. */
export function settingsOut({ apiVersion, ...same }: CredentialSettings): z.output<typeof settings> {
  return { ...same, ...(apiVersion === undefined ? {} : { api_version: apiVersion }) };
}
