/** Thrown where something that the image is made of cannot be had; its message says why and what to do. */
export class MissingInputError extends Error {
  override readonly name = 'MissingInputError';
}

/** What a program that was called says of its failure, else what the error itself says. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const said = 'stderr' in error && typeof error.stderr === 'string' ? error.stderr.trim() : '';
  return said === '' ? error.message : said;
}
