/** The size of a request against the context window that a deployment declares. */
import type { DeploymentConfig } from './catalogue.ts';

/** Bytes of a body for each token, at the least. Text, code and JSON have three to five; long words, spaces and escapes have more. */
const TOKEN_BYTES = 8;

/** Returns an estimate of the fewest input tokens of a chat request. Media are left out, because base64 is not text. */
export function leastInputTokens({ bodyBytes, mediaBytes }: { readonly bodyBytes: number; readonly mediaBytes: number }): number {
  return Math.floor(Math.max(0, bodyBytes - mediaBytes) / TOKEN_BYTES);
}

/** Reports whether a request of at least so many input tokens cannot fit. A deployment that declares no window takes any. */
export function isTooSmall({ contextWindow = null }: Pick<DeploymentConfig, 'contextWindow'>, leastTokens: number): boolean {
  return contextWindow !== null && leastTokens > contextWindow;
}

/** Returns the smallest window that these declare; Infinity if none declares one. */
export function smallestWindow(deployments: Iterable<Pick<DeploymentConfig, 'contextWindow'>>): number {
  let smallest = Number.POSITIVE_INFINITY;
  for (const { contextWindow } of deployments) smallest = Math.min(smallest, contextWindow ?? Number.POSITIVE_INFINITY);
  return smallest;
}
