import { type CanaryDraft, canaryWords } from './detours.ts';
import { deploymentName } from './policy.ts';
import { useDeployments } from './useDeployments.ts';

/** A canary or a mirror in words: its share and its place. */
export function CanaryText({ canary }: { canary: CanaryDraft | null }) {
  const deployments = useDeployments(canary?.deployment_id ? [canary.deployment_id] : []);
  return (
    <>
      {canaryWords(canary, (id) => {
        const deployment = deployments.get(id);
        return deployment === undefined ? id : deploymentName(deployment);
      })}
    </>
  );
}
