import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';

/** Runs a statement in a separate process and returns what it writes to standard error. */
function written(form: 'text' | 'json', statement: string): string {
  const program = `import { createLogger } from ${JSON.stringify(new URL('./log.ts', import.meta.url).href)};
    const log = createLogger('${form}'); ${statement}`;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module-typescript', '-e', program], { encoding: 'utf8' });
  expect(stdout).toBe('');
  return stderr;
}

describe.each(['text', 'json'] as const)('as %s', (form) => {
  test('a secret under the names secrets go by is no line, nor is what an error quotes', () => {
    const text = written(
      form,
      `log.warn({ request_id: 'req_1', authorization: 'canary', caller: { api_key: 'canary', token: 'canary' } }, 'warned');
       log.warn({ clientSecret: 'canary', aws: { secretAccessKey: 'canary', sessionToken: 'canary' }, file: { private_key: 'canary' } }, 'warned');
       log.warn({ credential: { secret: { kind: 'x', privateKey: 'canary' }, other: { credential: { apiKey: 'canary' } } } }, 'warned');
       try { JSON.parse('canary') } catch (error) { log.error({ err: error }, 'failed'); }
       const refused = Object.assign(new Error('canary'), { code: '23505', detail: 'Key (email)=(canary) already exists.' });
       log.error({ err: refused }, 'failed');`,
    );
    expect(text).not.toContain('canary');
    expect(text).toContain('req_1');
    expect(text).toMatch(/SyntaxError/);
    expect(text).toMatch(/Error \(23505\)/);
  });
});

test('JSON is one object a line, with when and how bad', () => {
  const lines = written(
    'json',
    `log.info({ request_id: 'req_1' }, 'said'); log.error(new TypeError('x is not a function'), 'two\\nlines');`,
  );
  const [said, failed] = lines
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(said).toMatchObject({
    level: 30,
    msg: 'said',
    request_id: 'req_1',
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
  });
  expect(failed).toMatchObject({ level: 50, msg: 'two\nlines', err: { error: 'TypeError: x is not a function' } });
});
