import type { Provider } from '../../api/gateway.ts';
import type { DeploymentDraft } from '../models/deployment-draft.ts';
import { modeOf } from '../models/mode-of.ts';

/** A row of a list of models. */
interface Deployable {
  readonly provider: string;
  readonly upstream_model: string;
  readonly max_output_tokens?: number | null;
}

/** Returns the form of a new deployment, filled in from what is known of a model. Its price is suggested while the form is open. */
export function startOf(model: Deployable, credentialId?: string): Partial<DeploymentDraft> {
  return {
    provider: model.provider as Provider,
    credential_id: credentialId ?? null,
    upstream_model: model.upstream_model,
    model: model.upstream_model,
    mode: modeOf(model.upstream_model),
    max_output_tokens: model.max_output_tokens ?? '',
  };
}
