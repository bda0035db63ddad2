import { Alert, Text } from '@mantine/core';
import { useSession } from '../../api/session.tsx';
import { useUrlState } from '../fields/useUrlState.ts';
import { words } from './words.ts';

type Way = keyof typeof words.removedWays;

/**
 * Says above the page that opens after a first link to an identity provider which ways into the account it removed, because nobody
 * had proved the account's address. The server puts them into the address; anybody can type some, so others are left out.
 */
export function RemovedByLink() {
  const [{ link_removed: told }, set] = useUrlState();
  const { account, mail_configured: hasMail } = useSession();
  const ways = (told ?? '').split('.').filter((way): way is Way => Object.hasOwn(words.removedWays, way));
  if (ways.length === 0) return null;
  return (
    <Alert
      color="yellow"
      role="status"
      mb="md"
      title={words.linkRemoved}
      withCloseButton
      closeButtonLabel={words.close}
      onClose={() => set({ link_removed: undefined })}
    >
      <Text fz="sm">{words.linkRemovedBecause(account.email)}</Text>
      <Text fz="sm" mt={4}>
        {words.wereRemoved(ways.map((way) => words.removedWays[way]))} {hasMail && words.newPasswordByMail}
      </Text>
    </Alert>
  );
}
