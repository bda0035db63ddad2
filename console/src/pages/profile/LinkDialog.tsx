import { useSession } from '../../api/session.tsx';
import { ConfirmByName } from '../../components/dialogs/ConfirmByName.tsx';
import { words } from './words.ts';

interface LinkDialogProps {
  readonly opened: boolean;
  readonly provider: string;
  readonly onClose: () => void;
  readonly onLink: () => Promise<unknown>;
}

/** Asks before the first link of an account whose address nobody proved: it removes the other ways in. */
export function LinkDialog({ opened, provider, onClose, onLink }: LinkDialogProps) {
  const { account, mail_configured: hasMail } = useSession();
  return (
    <ConfirmByName
      opened={opened}
      onClose={onClose}
      title={words.linkTo(provider)}
      name={null}
      verb={words.linkAndRemove}
      consequences={[
        words.linkProves(account.email, provider),
        words.linkRemoves,
        words.afterLink(provider),
        ...(hasMail ? [words.passwordByMail] : []),
      ]}
      action={onLink}
    />
  );
}
