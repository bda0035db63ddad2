import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { PRICE_LIST_EDITION } from './price-list.ts';

test('the edition that prices name is the one that is installed', () => {
  const file = new URL('../../package.json', import.meta.url);
  const { dependencies } = JSON.parse(readFileSync(file, 'utf8')) as { readonly dependencies: Record<string, string> };
  expect(PRICE_LIST_EDITION).toBe(`@pydantic/genai-prices ${dependencies['@pydantic/genai-prices']}`);
});
