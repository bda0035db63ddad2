import { Anchor, Button, Group, Stack, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { api, asked } from '../../api/client.ts';
import { SignInProblem } from './SignInProblem.tsx';
import { words } from './words.ts';

type Method = 'totp' | 'recovery_code';

/** Asks for a code of the authenticator or a recovery code. Six digits of an authenticator code are submitted automatically. */
export function SecondFactorStep({ onDone, onBack }: { onDone: () => Promise<void>; onBack: () => void }) {
  const [method, setMethod] = useState<Method>('totp');
  const [code, setCode] = useState('');
  const check = useMutation({
    mutationFn: (typed: string) => asked(api.POST('/session/second-factor', { body: { method, code: typed } })),
    onSuccess: onDone,
    onError: () => setCode(''),
  });
  const isTotp = method === 'totp';
  const type = (text: string) => {
    const typed = isTotp ? text.replaceAll(/\D/g, '').slice(0, 6) : text;
    setCode(typed);
    if (isTotp && typed.length === 6 && typed !== code && !check.isPending) check.mutate(typed);
  };
  const change = () => {
    setMethod(isTotp ? 'recovery_code' : 'totp');
    setCode('');
    check.reset();
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (code !== '' && !check.isPending) check.mutate(code.trim());
      }}
    >
      <Stack gap="sm">
        <SignInProblem error={check.error} />
        <TextInput
          key={method}
          autoFocus
          label={isTotp ? words.codeFromYourAuthenticator : words.recoveryCode}
          description={isTotp ? words.sixDigits : words.worksOnce}
          className="mono"
          value={code}
          onChange={(event) => type(event.currentTarget.value)}
          inputMode={isTotp ? 'numeric' : 'text'}
          autoComplete="one-time-code"
          maxLength={isTotp ? 12 : 64}
        />
        <Button type="submit" fullWidth loading={check.isPending} disabled={code === ''}>
          {words.continue}
        </Button>
        <Group justify="space-between">
          <Anchor component="button" type="button" fz="sm" onClick={change}>
            {isTotp ? words.useARecoveryCode : words.useTheAuthenticator}
          </Anchor>
          <Anchor component="button" type="button" fz="sm" onClick={onBack}>
            {words.backToThePassword}
          </Anchor>
        </Group>
      </Stack>
    </form>
  );
}
