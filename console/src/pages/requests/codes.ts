import { words } from './words.ts';

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
  'previous_response_not_found',
  'request_too_large',
  'provider_rate_limited',
  'provider_error',
  'provider_timeout',
  'no_healthy_deployment',
  'service_unavailable',
] as const;

/** Explanations and remedies for codes whose names do not explain them. */
export const CODE_WORDS: Readonly<Record<string, string>> = words.codeWords;
