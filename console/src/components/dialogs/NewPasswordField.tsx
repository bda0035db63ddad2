import { PasswordInput, type PasswordInputProps } from '@mantine/core';

const PASSWORD_LENGTH_MIN = 10;

/** A field for a new password. It states the rules; the server checks them and names the one that is broken. */
export function NewPasswordField(props: PasswordInputProps) {
  return (
    <PasswordInput
      label="Password"
      description={`At least ${PASSWORD_LENGTH_MIN} characters, and hard to guess. Several words that do not belong together are a good choice.`}
      autoComplete="new-password"
      required
      withAsterisk={false}
      maxLength={128}
      visibilityToggleButtonProps={{ 'aria-label': 'Show or hide the password' }}
      {...props}
    />
  );
}
