import { expect, test } from 'vitest';
import type { CallableTarget, Catalogue } from './catalogue.ts';
import { detoursOf, targetsBeside } from './detours.ts';

const target = (name: string, more: Partial<CallableTarget> = {}): CallableTarget => ({
  ...{ name, kind: 'model', mode: 'chat', strategy: 'weighted', members: [], fallbacks: [], accessGroups: new Set(), ...more },
});
const called = target('called', { contextFallbacks: ['back', 'long', 'gone', 'closed', 'called', 'long'] });
const [back, long, closed] = [target('back', { contextFallbacks: ['other'] }), target('long'), target('closed')];
const all = [called, back, long, closed, target('other')];
const catalogue = { targets: new Map(all.map((one) => [one.name, one])) } as unknown as Catalogue;
const isOpen = ({ name }: CallableTarget) => name !== 'closed';

test('targets beside a chain exist, are allowed, are not in it, and are there once', () => {
  expect(targetsBeside([called, back], catalogue, isOpen)).toEqual([long]);
  expect(targetsBeside([called], catalogue, isOpen)).toEqual([back, long]);
  expect(targetsBeside([], catalogue, isOpen)).toEqual([]);
});

test('the lists of the called name count, in their order, and not those of its fallbacks', () => {
  expect(detoursOf([called, back, long])).toEqual({ context: [back, long, long], policy: [], canary: null });
  expect(detoursOf([long, back])).toBe(null);
  expect(detoursOf([])).toBe(null);
});
