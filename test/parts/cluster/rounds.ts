/** How often the tests of `make e2e` are played: E2E_ROUNDS, once unless told. */
export function rounds(env: NodeJS.ProcessEnv): readonly number[] {
  const wanted = env['E2E_ROUNDS'] ?? '1';
  if (!/^[1-9]\d?$/.test(wanted))
    throw new Error(`E2E_ROUNDS is ${JSON.stringify(wanted)}; it must be a number from 1 to 99`);
  return Array.from({ length: Number(wanted) }, (_, index) => index + 1);
}
