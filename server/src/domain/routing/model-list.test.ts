import { describe, expect, it } from 'vitest';
import { compareModelList, type ListToCompare, listedNameOf } from './model-list.ts';

const READ_AT = new Date('2026-03-01T00:00:00Z');
const BEFORE = new Date('2026-02-01T00:00:00Z');
const AFTER = new Date('2026-03-02T00:00:00Z');

const using = (id: string, upstreamModel: string, more: object = {}) => ({
  ...{ id, upstreamModel, updatedAt: BEFORE, isPriced: false, ...more },
});
const compared = (given: Partial<ListToCompare>) => {
  const none = { provider: 'openai', listed: [], isCut: false, readAt: READ_AT, deployments: [], priced: new Set<string>() };
  const { models, notCompared } = compareModelList({ ...none, ...given });
  return { states: Object.fromEntries(models.map((one) => [one.upstreamModel, [one.state, ...one.deploymentIds]])), notCompared };
};

describe('a vendor’s list and the deployments of its credential', () => {
  it('say which models are gone, unpriced, in use, and known but not deployed', () => {
    const deployments = [using('d1', 'gone'), using('d2', 'used'), using('d3', 'used'), using('d4', 'own', { isPriced: true })];
    const listed = ['used', 'new', 'priced', 'own'];
    expect(compared({ listed, deployments, priced: new Set(['used', 'priced']) })).toEqual({
      states: {
        gone: ['gone', 'd1'],
        new: ['unpriced'],
        own: ['in_use', 'd4'],
        priced: ['not_deployed'],
        used: ['in_use', 'd2', 'd3'],
      },
      notCompared: [],
    });
  });

  it('say of a list that was cut nothing about deployments made or changed since', () => {
    const deployments = [using('old', 'a'), using('new', 'b', { updatedAt: AFTER })];
    expect(compared({ isCut: true, deployments })).toEqual({ states: { a: ['gone', 'old'] }, notCompared: ['new'] });
    expect(compared({ deployments }).states).toEqual({ a: ['gone', 'old'], b: ['gone', 'new'] });
  });

  it('keep names of JavaScript apart from its properties', () => {
    const deployments = [using('d1', 'toString')];
    expect(compared({ listed: ['constructor'], deployments }).states).toMatchObject({
      constructor: ['unpriced'],
      toString: ['gone', 'd1'],
    });
  });

  it.each([
    ['openai', 'ft:gpt-4o:org::id', 'ft:gpt-4o:org::id'],
    ['gemini', 'models/gemini-2.5-pro', 'gemini-2.5-pro'],
    ['bedrock', 'eu.anthropic.claude-sonnet-5', 'anthropic.claude-sonnet-5'],
    ['bedrock', 'us-gov.amazon.nova-lite-v1:0', 'amazon.nova-lite-v1:0'],
    ['bedrock', 'ai21.jamba-1-5-mini-v1:0', 'ai21.jamba-1-5-mini-v1:0'],
    ['bedrock', 'arn:aws:bedrock:eu-central-1:1:inference-profile/x', null],
    ['vertex', 'publishers/google/models/gemini-2.5-pro', 'gemini-2.5-pro'],
    ['vertex', 'publishers/anthropic/models/claude-x', null],
    ['vertex', 'claude-x@20250101', null],
    ['vertex', 'meta/llama', null],
    ['azure', 'my-gpt', null],
  ])('at %s, %s is listed as %s', (provider, name, listed) => {
    expect(listedNameOf(provider, name)).toBe(listed);
  });
});
