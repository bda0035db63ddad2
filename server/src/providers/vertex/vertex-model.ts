/** The rule by which a deployment's upstream model is called at Vertex AI: by its name alone. */

export type VertexModel =
  /** Google's own models, and those that were tuned from them, in Gemini's format. `resource` follows the location in the path. */
  | { readonly is: 'gemini'; readonly resource: string }
  /** Anthropic's models, in Anthropic's format. */
  | { readonly is: 'claude'; readonly name: string }
  /** Those of other publishers, in OpenAI's format. */
  | { readonly is: 'other' };

/**
 * Reads the name of an upstream model.
 * - `claude-…`, `anthropic/…`, `publishers/anthropic/models/…`: Claude.
 * - `endpoints/…` (a tuned model), `google/…`, `publishers/google/models/…`, and any name without a slash: Gemini.
 * - any other `publisher/model`: the other publishers.
 */
export function vertexModel(upstreamModel: string): VertexModel {
  const claude = /^(?:publishers\/anthropic\/models\/|anthropic\/)(.+)$/.exec(upstreamModel)?.[1];
  if (claude !== undefined) return { is: 'claude', name: claude };
  if (/^claude[^/]*$/.test(upstreamModel)) return { is: 'claude', name: upstreamModel };
  const tuned = /^endpoints\/([^/]+)$/.exec(upstreamModel)?.[1];
  if (tuned !== undefined) return { is: 'gemini', resource: `endpoints/${encodeURIComponent(tuned)}` };
  const google = /^(?:publishers\/google\/models\/|google\/)(.+)$/.exec(upstreamModel)?.[1];
  if (google === undefined && upstreamModel.includes('/')) return { is: 'other' };
  return { is: 'gemini', resource: `publishers/google/models/${encodeURIComponent(google ?? upstreamModel)}` };
}
