/** The vendors with code of their own. `fake` is the built-in model, which costs nothing. */
export type CodedProvider = 'openai' | 'anthropic' | 'gemini' | 'azure' | 'bedrock' | 'vertex' | 'cohere' | 'voyage' | 'fake';

/** The vendors that deployments and credentials name: one with code of its own, or the id of a preset. */
export type ProviderName = CodedProvider | PresetId;

/** The id of a preset, as far as its form goes. It is a text like any other; the name says what is meant. */
type PresetId = string & { readonly preset?: never };
