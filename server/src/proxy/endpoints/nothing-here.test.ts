import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ENDPOINTS } from './endpoint.ts';
import { nothingAt } from './nothing-here.ts';

describe('a path where nothing is', () => {
  test.each([
    ['/v1/v1/messages', 'Leave /v1 out of the base URL: the path is /v1/messages.'],
    ['/v1/v1/chat/completions', 'Leave /v1 out of the base URL: the path is /v1/chat/completions.'],
    ['/chat/completions', 'has to end in /v1: the path is /v1/chat/completions.'],
    ['/messages', 'has to end in /v1: the path is /v1/messages.'],
    ['/models', 'has to end in /v1: the path is /v1/models.'],
    ['/openai/v1/chat/completions', 'too much before /v1: the path is /v1/chat/completions.'],
    ['/v1/chat/completions/', 'Did you mean /v1/chat/completions?'],
    ['/v1//embeddings', 'Did you mean /v1/embeddings?'],
    ['/V1/Messages', 'Did you mean /v1/messages?'],
    ['/v1/chat/completion', 'Did you mean /v1/chat/completions?'],
    ['/completions', 'has to end in /v1: the path is /v1/completions.'],
    ['/v1/completion', 'Did you mean /v1/completions?'],
    ['/v1/complete', 'belongs to Anthropic’s older text completions'],
    ['/cursor/chat/completions', 'Did you mean /cursor/v1/chat/completions?'],
    ['/cursor/v1/model', 'Did you mean /cursor/v1/models?'],
    ['/v1/embedings', 'Did you mean /v1/embeddings?'],
    ['/v1beta/models/gemini-pro:embedContent', 'belongs to Gemini’s API'],
    ['/v1beta/files', 'belongs to Gemini’s API'],
    ['/v1beta/v1beta/models', 'the path is /v1beta/models.'],
    ['/openai/deployments/x/chat/completions', 'belongs to Azure’s paths by deployment'],
    ['/api/chat', 'belongs to Ollama’s own API'],
    ['/v1/nothing/like/it', 'Served are /v1/chat/completions, '],
  ])('%s: %s', (path, words) => {
    const { code, message } = nothingAt(path);
    expect(code).toBe('not_found');
    expect(message).toMatch(/^There is nothing at \//);
    expect(message).toContain(`at ${path}. `);
    expect(message).toContain(words);
  });

  test('whatever is asked, the message is one line of bounded length that names paths of ours alone as right', () => {
    const paths = fc.oneof(
      fc.string({ maxLength: 9_000 }),
      fc.constantFrom(...ENDPOINTS.map(({ path }) => path)).map((path) => `${path}x\n\u001b[2J`),
    );
    fc.assert(
      fc.property(paths, (path) => {
        const { message } = nothingAt(`/${path}`);
        expect(message.length).toBeLessThan(800);
        expect(message).not.toMatch(/\p{Cc}/u);
        for (const [, named] of message.matchAll(/(?:the path is|Did you mean) (\/[^ ?]+?)[.?]$/g))
          expect([...ENDPOINTS.map((endpoint) => endpoint.path), '/v1/models', '/v1beta/models', '/cursor/v1/models']).toContain(
            named,
          );
      }),
    );
  });
});
