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
    'No deployment of the model has the tags that the request needs: those that its key, team and organization require, or, if all deployments have tags, all tags that it names. Remove a tag from the request, or ask a platform admin to add the tag to a deployment.',
  model_not_priced:
    'A blocking budget applies to the request, and the model’s deployment has no price, so nothing can be charged. Ask a platform admin to set a price.',
  unpriced_parameter:
    'A blocking budget applies to the request. The request asks for something that the provider bills in addition to tokens, and that has no price here or no maximum. Remove the field from the request, or ask a platform admin to set its price, or the searches per request, on the deployment’s page.',
};
