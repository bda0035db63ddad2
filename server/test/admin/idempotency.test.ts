import { expect, test } from 'vitest';
import { onOneDatabase } from '../support/database.ts';
import { freshSlug, makeTeam, must, withAdmin } from './support.ts';

onOneDatabase('Idempotency-Key', (given) => {
  const world = withAdmin(given);

  // promise: `Idempotency-Key`: 24 h per caller; the same key with another
  test('the same key and body are done once and answered alike, secret included; another body is 409', async () => {
    const { root } = world();
    const { organization, team } = await makeTeam(root);
    const body = { team_id: team.id, name: 'once' };
    const first = await root('POST', '/keys', body, { 'idempotency-key': 'k1' });
    const again = await root('POST', '/keys', body, { 'idempotency-key': 'k1' });
    expect([again.status, again.text]).toEqual([first.status, first.text]);
    expect(must(await root('GET', `/organizations/${organization.id}/keys`)).total).toBe(1);
    const other = await root('POST', '/keys', { ...body, name: 'other' }, { 'idempotency-key': 'k1' });
    expect(other.status).toBe(409);
    const elsewhere = await root('POST', '/organizations', { slug: freshSlug(), name: 'x' }, { 'idempotency-key': 'k1' });
    expect(elsewhere.status).toBe(409);
    expect(must(await root('GET', `/organizations/${organization.id}/keys`)).total).toBe(1);
  });

  test('belongs to its caller', async () => {
    const { root, as } = world();
    const other = as([{ role: 'platform_admin' }], 'acct_other');
    const make = (client: typeof root) =>
      client('POST', '/organizations', { slug: freshSlug(), name: 'x' }, { 'idempotency-key': 'mine' });
    expect([(await make(root)).status, (await make(other)).status]).toEqual([201, 201]);
  });

  test('of many at once lets one through', async () => {
    const { root } = world();
    const body = { slug: freshSlug(), name: 'Race' };
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => root('POST', '/organizations', body, { 'idempotency-key': 'race' })),
    );
    const made = answers.filter((answer) => answer.status === 201);
    expect(new Set(made.map((answer) => answer.body.id)).size).toBe(1);
    expect(answers.every((answer) => answer.status === 201 || answer.status === 409)).toBe(true);
    expect(must(await root('GET', '/organizations?search=race')).total).toBe(1);
  });

  test('of a request that failed is free again', async () => {
    const { root } = world();
    const taken = must(await root('POST', '/organizations', { slug: freshSlug(), name: 'Taken' }));
    const headers = { 'idempotency-key': 'retry' };
    expect((await root('POST', '/organizations', { slug: taken.slug, name: 'x' }, headers)).status).toBe(409);
    expect((await root('POST', '/organizations', { slug: freshSlug(), name: 'x' }, headers)).status).toBe(201);
  });

  // promise: `Idempotency-Key`: 24 h per caller
  test('is forgotten after 24 hours', async () => {
    const { root, time } = world();
    const headers = { 'idempotency-key': 'daily' };
    const make = () => root('POST', '/organizations', { slug: freshSlug(), name: 'x' }, headers);
    const first = must(await make());
    expect((await make()).status).toBe(409);
    time.nowMs += 24 * 3_600_000 + 1;
    expect(must(await make()).id).not.toBe(first.id);
  });
});
