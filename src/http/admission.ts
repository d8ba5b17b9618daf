/** A place for one request's body. */
export interface Ticket {
  /** Counts more bytes of the body; false, and nothing counted, where there is no room for them. */
  grow(bytes: number): boolean;
  /** Gives the place and the bytes back. May be called again. */
  leave(): void;
}

/** Bounds what is in work at once, by requests and by bytes of their bodies. */
export interface Admission {
  /** A place, or undefined if all are taken. */
  enter(): Ticket | undefined;
  readonly requests: number;
  readonly bytes: number;
}

/** An admission that holds at most `maxRequests` and `maxBytes`. */
export function createAdmission({
  maxRequests,
  maxBytes,
}: {
  readonly maxRequests: number;
  readonly maxBytes: number;
}): Admission {
  let requests = 0;
  let bytes = 0;
  return {
    enter() {
      if (requests >= maxRequests) return undefined;
      requests += 1;
      let held = 0;
      let left = false;
      return {
        grow(more) {
          if (left || bytes + more > maxBytes) return false;
          bytes += more;
          held += more;
          return true;
        },
        leave() {
          if (left) return;
          left = true;
          requests -= 1;
          bytes -= held;
        },
      };
    },
    get requests() {
      return requests;
    },
    get bytes() {
      return bytes;
    },
  };
}
