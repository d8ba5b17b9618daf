import { problem, type Problem } from '../problem.ts';

/** 401 for somebody who shows no token, or one that speaks for nobody (RFC 6750 §3). */
export function noToken(detail: string, wasGiven: boolean): Problem {
  const challenge = `Bearer realm="headwind"${wasGiven ? ', error="invalid_token"' : ''}`;
  return { ...problem('HW_UNAUTHENTICATED', detail), headers: { 'www-authenticate': challenge } };
}

/** 401 for somebody whom no trusted proxy has named. */
export function notNamed(detail: string): Problem {
  const headers = { 'www-authenticate': 'TrustedProxy realm="headwind"' };
  return { ...problem('HW_UNAUTHENTICATED', detail), headers };
}
