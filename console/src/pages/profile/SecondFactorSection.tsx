import { Badge, Button } from '@mantine/core';
import { useState } from 'react';
import { useSession } from '../../api/session.tsx';
import { AuthenticatorDialog } from './AuthenticatorDialog.tsx';
import { NewRecoveryCodesDialog } from './NewRecoveryCodesDialog.tsx';
import { RemoveAuthenticatorDialog } from './RemoveAuthenticatorDialog.tsx';
import { Section } from './Section.tsx';

const FEW_CODES = 3;

/** Manages the second factor: an authenticator app, and recovery codes in case the person loses it. */
export function SecondFactorSection() {
  const { two_factor: factor } = useSession();
  const [open, setOpen] = useState<'set-up' | 'codes' | 'remove' | null>(null);
  const close = () => setOpen(null);
  return (
    <Section
      title="Authenticator"
      beside={<Badge color={factor.enabled ? 'green' : 'gray'}>{factor.enabled ? 'On' : 'Off'}</Badge>}
      about={
        factor.enabled ? (
          <CodesLeft count={factor.recovery_codes_left} />
        ) : (
          'A code from an app on your phone, asked for after your password.'
        )
      }
      actions={
        factor.enabled ? (
          <>
            <Button variant="default" onClick={() => setOpen('codes')}>
              New recovery codes
            </Button>
            <Button variant="default" onClick={() => setOpen('remove')}>
              Turn off
            </Button>
          </>
        ) : (
          <Button onClick={() => setOpen('set-up')}>Set up</Button>
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
  const words = `${count} recovery ${count === 1 ? 'code is' : 'codes are'} left.`;
  return count <= FEW_CODES ? <b>{words} Create new ones before you need them.</b> : words;
}
