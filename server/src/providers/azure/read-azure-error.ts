import type { CredentialConfig } from '../../domain/routing/credential.ts';
import type { UpstreamHeaders } from '../../upstream/call.ts';
import type { ProviderError } from '../provider.ts';
import { readOpenAiError } from '../read-error.ts';

const READ_BYTES_MAX = 64 * 1024;

/**
 * Reads an error of Azure's. A prompt that its content filter refuses is a 400, whose details name the categories. They are added to
 * the message, because the message names none. Never throws, whatever the body is.
 */
export function readAzureError(
  status: number,
  headers: UpstreamHeaders,
  body: Buffer,
  credential?: CredentialConfig | null,
): ProviderError {
  const error = readOpenAiError(status, headers, body, credential);
  if (status !== 400) return error;
  const categories = filteredIn(body);
  return categories === null ? error : { ...error, kind: 'refused', message: withCategories(error.message, categories) };
}

function withCategories(message: string, categories: readonly string[]): string {
  return categories.length === 0 ? `${message} (content_filter)` : `${message} (content_filter: ${categories.join(', ')})`;
}

/** Returns the categories for which the content filter refused a prompt; null if it was not the filter. */
function filteredIn(body: Buffer): readonly string[] | null {
  const error = objectIn(objectIn(parsed(body)).error);
  if (error.code !== 'content_filter') return null;
  const inner = objectIn(error.innererror);
  // One version of the API writes the plural.
  const results = objectIn(inner.content_filter_result ?? inner.content_filter_results);
  return Object.keys(results)
    .filter((name) => /^[a-z_]{1,40}$/.test(name) && objectIn(results[name]).filtered === true)
    .slice(0, 10);
}

function parsed(body: Buffer): unknown {
  if (body.length > READ_BYTES_MAX) return null;
  try {
    return JSON.parse(body.toString());
  } catch {
    return null;
  }
}

function objectIn(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
