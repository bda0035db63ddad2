import { PasswordInput, type PasswordInputProps } from '@mantine/core';
import { words } from './words.ts';

const PASSWORD_LENGTH_MIN = 10;

/** A field for a new password. It states the rules; the server checks them and names the one that is broken. */
export function NewPasswordField(props: PasswordInputProps) {
  return (
    <PasswordInput
      label={words.password}
      description={words.passwordRules(PASSWORD_LENGTH_MIN)}
      autoComplete="new-password"
      required
      withAsterisk={false}
      maxLength={128}
      visibilityToggleButtonProps={{ 'aria-label': words.showOrHideThePassword }}
      {...props}
    />
  );
}
