import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { choiceQuery, domainOf } from '../../api/sso.ts';

const TYPING_MS = 400;

/**
 * Finds the identity providers of the address that is typed, or of an organization. While the organization opens only through
 * them, the password is hidden until the person asks for it: break-glass owners and platform admins have one.
 */
export function useChoice(firstEmail: string, organization: string | undefined) {
  const [email, setEmail] = useState(firstEmail);
  const [isAsked, setAsked] = useState(false);
  const [typed] = useDebouncedValue(email, TYPING_MS);
  const wanted = domainOf(typed) !== null ? { email: typed.trim() } : organization !== undefined ? { organization } : null;
  const { data } = useQuery(choiceQuery(wanted));
  const choice = data === undefined || data.organization === null ? null : { ...data, organization: data.organization };
  return {
    choice,
    email: email.trim(),
    setEmail,
    isPasswordShown: choice === null || !choice.required || isAsked,
    showPassword: () => setAsked(true),
  };
}
