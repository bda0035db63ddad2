import { Badge, Button } from '@mantine/core';
import { useState } from 'react';
import { useSession } from '../../api/session.tsx';
import { AuthenticatorDialog } from './AuthenticatorDialog.tsx';
import { NewRecoveryCodesDialog } from './NewRecoveryCodesDialog.tsx';
import { RemoveAuthenticatorDialog } from './RemoveAuthenticatorDialog.tsx';
import { Section } from './Section.tsx';
import { words } from './words.ts';

const FEW_CODES = 3;

/** Manages the second factor: an authenticator app, and recovery codes in case the person loses it. */
export function SecondFactorSection() {
  const { two_factor: factor } = useSession();
  const [open, setOpen] = useState<'set-up' | 'codes' | 'remove' | null>(null);
  const close = () => setOpen(null);
  return (
    <Section
      title={words.authenticator}
      beside={<Badge color={factor.enabled ? 'green' : 'gray'}>{factor.enabled ? words.on : words.off}</Badge>}
      about={factor.enabled ? <CodesLeft count={factor.recovery_codes_left} /> : words.authenticatorMeans}
      actions={
        factor.enabled ? (
          <>
            <Button variant="default" onClick={() => setOpen('codes')}>
              {words.newRecoveryCodes}
            </Button>
            <Button variant="default" onClick={() => setOpen('remove')}>
              {words.turnOff}
            </Button>
          </>
        ) : (
          <Button onClick={() => setOpen('set-up')}>{words.setUp}</Button>
        )
      }
    >
      <AuthenticatorDialog opened={open === 'set-up'} onClose={close} />
      <NewRecoveryCodesDialog opened={open === 'codes'} onClose={close} />
      <RemoveAuthenticatorDialog opened={open === 'remove'} onClose={close} />
    </Section>
  );
}

function CodesLeft({ count }: { count: number }) {
  const left = words.recoveryCodesLeft(count);
  return count <= FEW_CODES ? <b>{words.createNewOnes(left)}</b> : left;
}
