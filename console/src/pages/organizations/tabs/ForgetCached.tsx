import { useState } from 'react';
import { api, asked } from '../../../api/client.ts';
import type { Organization } from '../../../api/organizations.ts';
import { verdictOf } from '../../../api/session.tsx';
import { ConfirmByName } from '../../../components/dialogs/ConfirmByName.tsx';
import { GuardedButton } from '../../../components/dialogs/GuardedButton.tsx';
import { saved } from '../../../components/dialogs/saved.ts';
import { words } from '../words.ts';

/** Forgets every answer that the exact cache has kept for an organization. */
export function ForgetCached({ organization }: { organization: Organization }) {
  const [isAsking, setAsking] = useState(false);
  const forget = async () => {
    await asked(api.DELETE('/organizations/{id}/cache', { params: { path: { id: organization.id } } }));
    saved(words.cachedWereForgotten);
  };
  return (
    <>
      <GuardedButton
        size="compact-xs"
        variant="default"
        verdict={verdictOf('audit_policy.change', organization)}
        onClick={() => setAsking(true)}
      >
        {words.forgetCached}
      </GuardedButton>
      <ConfirmByName
        opened={isAsking}
        onClose={() => setAsking(false)}
        title={words.forgetCachedOf(organization.name)}
        name={null}
        verb={words.forget}
        consequences={[words.forgetCachedMeans]}
        action={forget}
      />
    </>
  );
}
