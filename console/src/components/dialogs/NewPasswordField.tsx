import { PasswordInput, type PasswordInputProps } from '@mantine/core';

const PASSWORD_LENGTH_MIN = 10;

/** A field for a new password. It states the rules; the server checks them and names the one that is broken. */
export function NewPasswordField(props: PasswordInputProps) {
  return (
    <PasswordInput
      label="Password"
      description={`At least ${PASSWORD_LENGTH_MIN} characters. Not your name or e-mail address, and no well-known pattern.`}
      autoComplete="new-password"
      required
      withAsterisk={false}
      maxLength={128}
      visibilityToggleButtonProps={{ 'aria-label': 'Show or hide the password' }}
      {...props}
    />
  );
}
