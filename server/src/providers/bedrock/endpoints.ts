import type { Wire } from '../../dialects/dialect.ts';
import type { CredentialConfig } from '../../domain/routing/credential.ts';
import { encoded } from './sign-v4.ts';

/** A place where AWS is called. */
export interface Place {
  /** Scheme, host and port. */
  readonly origin: string;
  /** The value of the `host` header. */
  readonly host: string;
  /** The path before that of the operation, without a slash at its end. */
  readonly path: string;
  /** The region that a signature names. */
  readonly region: string;
}

const REGION = /^[a-z]{2,4}(?:-[a-z]+){1,3}-\d{1,2}$/;

/** Returns the place of a service for a credential; a base URL replaces its origin. Null: there is no region, or no usable URL. */
export function placeOf(service: string, { baseUrl, settings }: CredentialConfig): Place | null {
  const region = settings?.region;
  if (region === undefined || !REGION.test(region)) return null;
  const text = baseUrl ?? `https://${service}.${region}.${domainOf(region)}`;
  if (!URL.canParse(text)) return null;
  const { origin, host, pathname } = new URL(text);
  return { origin, host, path: pathname.replace(/\/+$/, ''), region };
}

/** Returns the domain of a region's partition. */
export function domainOf(region: string): string {
  if (region.startsWith('eusc-')) return 'amazonaws.eu';
  return region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com';
}

/** Returns the ARN of a foundation model in a region; an ARN is returned as it is. */
export function modelArn(model: string, region: string): string {
  return model.startsWith('arn:') ? model : `arn:${partitionOf(region)}:bedrock:${region}::foundation-model/${model}`;
}

function partitionOf(region: string): string {
  if (region.startsWith('us-gov-')) return 'aws-us-gov';
  if (region.startsWith('eusc-')) return 'aws-eusc';
  return region.startsWith('cn-') ? 'aws-cn' : 'aws';
}

/** Returns the path of an operation of Bedrock. A model's id, or the ARN of a profile, is one segment of it. */
export function pathOf(wire: Wire, model: string, isStream: boolean): string {
  if (wire === 'bedrock-rerank') return '/rerank';
  if (wire === 'anthropic-count-tokens') return `/model/${encoded(countedModel(model) ?? model)}/count-tokens`;
  const operation = wire === 'bedrock-converse' ? (isStream ? 'converse-stream' : 'converse') : invokeOf(isStream);
  return `/model/${encoded(model)}/${operation}`;
}

function invokeOf(isStream: boolean): string {
  return isStream ? 'invoke-with-response-stream' : 'invoke';
}

/** The prefixes of profiles that serve a model in several regions. */
const PROFILE_PREFIX = /^(?:us|us-gov|eu|apac|jp|au|ca|sa|me|af|global)\./;

/**
 * Returns the model whose tokens are counted for a deployment: profiles are none. Null if the name does not tell the model, as the
 * ARN of a profile of one's own does not.
 */
export function countedModel(model: string): string | null {
  const arn = /^arn:[^:]*:bedrock:[^:]*:[^:]*:(foundation-model|inference-profile)\/(.+)$/.exec(model);
  if (arn !== null) return countedModel(arn[2] as string);
  return model.startsWith('arn:') ? null : model.replace(PROFILE_PREFIX, '');
}
