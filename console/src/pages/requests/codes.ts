/** The codes that the gateway's answers may carry. */
export const CODES = [
  'rate_limit_exceeded',
  'insufficient_quota',
  'model_not_allowed',
  'model_not_found',
  'model_not_priced',
  'unpriced_parameter',
  'organization_suspended',
  'organization_archived',
  'key_disabled',
  'api_key_expired',
  'invalid_request',
  'no_deployment_for_tags',
  'context_length_exceeded',
  'request_too_large',
  'provider_rate_limited',
  'provider_error',
  'provider_timeout',
  'no_healthy_deployment',
  'service_unavailable',
] as const;

/** Explanations and remedies for codes whose names do not explain them. */
export const CODE_WORDS: Readonly<Record<string, string>> = {
  no_deployment_for_tags:
    'No deployment of the model carries the tags that the request must have: those that its key, team and organization require, or all of those that it names where each deployment has some. Leave a tag out; or a platform admin adds the tag to a deployment.',
  model_not_priced:
    'A blocking budget covers the request and the model’s deployment has no price, so nothing could be charged. A platform admin can set a price.',
  unpriced_parameter:
    'A blocking budget covers the request, and it asks for something that the provider bills beyond its tokens and that has no price here, or nothing that bounds it. Leave the field out; or a platform admin sets a price for it, or the most searches of a request, on the deployment’s page.',
};
