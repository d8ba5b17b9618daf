/** A scan cannot tell for certain what this index says: it is to be read as a whole. */
export class Uncertain extends Error {
  override readonly name = 'Uncertain';
}

/** What came is no index, or more than is read of one. The message completes the sentence "<host> answered with …". */
export class NoIndex extends Error {
  override readonly name = 'NoIndex';
}
