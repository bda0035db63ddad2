/** The vendors that deployments and credentials name. `fake` is the built-in model, which costs nothing. */
export type ProviderName = 'openai' | 'anthropic' | 'gemini' | 'azure' | 'bedrock' | 'vertex' | 'cohere' | 'voyage' | 'fake';
