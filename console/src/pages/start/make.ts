import { api, asked, Problem } from '../../api/client.ts';
import { newIdempotencyKey } from '../../components/dialogs/FormDialog.tsx';

/** The minimum that a first organization needs before it can be called. */
export interface FirstOrganization {
  readonly name: string;
  readonly slug: string;
  /** USD per month. Empty means no budget. */
  readonly budget: string;
  readonly rpm: number | null;
  /** Null means all targets, future ones too. */
  readonly targets: readonly string[] | null;
}

export function makeOrganization({ name, slug, budget, rpm, targets }: FirstOrganization, idempotencyKey: string) {
  return asked(
    api.POST('/organizations', {
      params: { header: { 'idempotency-key': idempotencyKey } },
      body: {
        name,
        slug,
        time_zone: Intl.DateTimeFormat().resolvedOptions().timeZone,
        rate_limits: { rpm },
        budgets: budget === '' ? [] : [{ amount: budget, period: 'month', action: 'block' }],
        asset_access: targets === null ? { mode: 'all' } : { mode: 'selected', targets: [...targets] },
      },
    }),
  );
}

export function makeTeam(organizationId: string, name: string, idempotencyKey: string) {
  return asked(
    api.POST('/organizations/{id}/teams', {
      params: { path: { id: organizationId }, header: { 'idempotency-key': idempotencyKey } },
      body: { name },
    }),
  );
}

export function makeKey(teamId: string, name: string, idempotencyKey: string) {
  return asked(api.POST('/keys', { params: { header: { 'idempotency-key': idempotencyKey } }, body: { team_id: teamId, name } }));
}

const FAKE_MODEL = 'hello';
const SLUG_TRIES = 20;

export interface FirstKey {
  readonly organization: string;
  readonly team: string;
  readonly key: string;
  readonly secret: string;
}

/** Creates a model of the fake provider, an organization, a team and a key, in this order. Calls `onStep` before each. */
export async function makeEverythingFake(onStep: (step: string) => void): Promise<FirstKey> {
  onStep('Adding a model of the fake provider…');
  await makeFakeModel();
  onStep('Creating an organization…');
  const organization = await makeFreeOrganization();
  onStep('Creating a team…');
  const team = await makeTeam(organization.id, 'Engineering', newIdempotencyKey());
  onStep('Creating a key…');
  const { id, secret } = await makeKey(team.id, 'first key', newIdempotencyKey());
  return { organization: organization.id, team: team.id, key: id, secret };
}

/** Creates the fake model unless it exists. */
async function makeFakeModel(): Promise<void> {
  const there = await asked(api.GET('/deployments', { params: { query: { model: FAKE_MODEL, limit: 1 } } }));
  if (there.data.length > 0) return;
  const body = {
    model: FAKE_MODEL,
    provider: 'fake',
    upstream_model: 'fake-small',
    mode: 'chat',
    max_output_tokens: 4_096,
  } as const;
  const prices = { input_per_million: '0.05', cached_input_per_million: '0.005', output_per_million: '0.40' };
  await asked(api.POST('/deployments', { body: { ...body, prices } }));
}

/** Creates an organization with the first slug that is free. */
async function makeFreeOrganization() {
  for (let number = 1; ; number += 1) {
    const slug = number === 1 ? 'first-organization' : `first-organization-${number}`;
    const name = number === 1 ? 'First organization' : `First organization ${number}`;
    try {
      return await makeOrganization({ name, slug, budget: '10.00', rpm: 60, targets: [FAKE_MODEL] }, newIdempotencyKey());
    } catch (error) {
      if (!(error instanceof Problem && error.status === 409) || number === SLUG_TRIES) throw error;
    }
  }
}
