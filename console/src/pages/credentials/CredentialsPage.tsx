import { useHotkeys } from '@mantine/hooks';
import { useCan } from '../../api/session.tsx';
import { GuardedButton } from '../../components/dialogs/GuardedButton.tsx';
import { useUrlState } from '../../components/fields/useUrlState.ts';
import { Page } from '../../components/shell/Page.tsx';
import { CredentialDialog } from './CredentialDialog.tsx';
import { CredentialsList } from './CredentialsList.tsx';
import { words } from './words.ts';

/** The form of a provider in the address of the page. */
const PROVIDER = /^[a-z][a-z0-9-]{1,39}$/;

/**
 * Lists the credentials that the gateway presents to providers. A stored secret is never shown, but can be checked and replaced.
 */
export function CredentialsPage() {
  const mayManage = useCan('catalogue.manage');
  const [state, setState] = useUrlState();
  const setCreating = (provider: string | undefined) => setState({ new: provider });
  useHotkeys([['n', () => mayManage.allowed && setCreating('openai')]]);
  const add = (
    <GuardedButton verdict={mayManage} onClick={() => setCreating('openai')}>
      {words.addCredential}
    </GuardedButton>
  );
  return (
    <Page title={words.credentials} about={words.credentialsMean} actions={add}>
      <CredentialsList add={add} />
      <CredentialDialog
        opened={state.new !== undefined && mayManage.allowed}
        onClose={() => setCreating(undefined)}
        provider={typeof state.new === 'string' && PROVIDER.test(state.new) ? state.new : 'openai'}
      />
    </Page>
  );
}
