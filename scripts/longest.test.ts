import { describe, expect, test } from 'vitest';
import { functionsOf, longest } from './longest.ts';

describe('the longest functions', () => {
  test('are counted from their first line to their last, by the name they are known by', () => {
    const text = [
      'export function first(): void {',
      '  second();',
      '}',
      'const second = () => {};',
      'class Third {',
      '  constructor() {}',
      '  method(): number {',
      '    return [1, 2].map((n) =>',
      '      n + 1,',
      '    ).length;',
      '  }',
      '}',
      'declare function bodiless(): void;',
    ].join('\n');
    expect(functionsOf('a.ts', text)).toEqual([
      { name: 'first in a.ts', lines: 3 },
      { name: 'second in a.ts', lines: 1 },
      { name: 'a constructor in a.ts', lines: 1 },
      { name: 'method in a.ts', lines: 5 },
      { name: 'a callback in a.ts', lines: 2 },
    ]);
  });

  test('leave out tests', () => {
    const { files, functions } = longest();
    expect(files).toHaveLength(10);
    expect(functions).toHaveLength(10);
    expect([...files, ...functions].filter(({ name }) => name.includes('.test.'))).toEqual([]);
    expect(files[0]?.lines).toBeGreaterThanOrEqual(files[9]?.lines ?? 0);
  });
});
