/** The same seed gives the same numbers and the same bytes, on every machine. */

/** Mulberry32 (public domain, Tommy Ettinger): numbers in [0, 1). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const chunkBytes = 256 * 1024;

/** `size` bytes in chunks; each chunk is fresh memory, so a consumer may keep it. */
export function* seededBytes(size: number, seed: number): Generator<Buffer> {
  let state = (seed ^ 0x9e3779b9) >>> 0 || 1;
  for (let left = size; left > 0; left -= chunkBytes) {
    const words = new Uint32Array(chunkBytes / 4);
    for (let index = 0; index < words.length; index += 1) {
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      words[index] = state;
    }
    yield Buffer.from(words.buffer, 0, Math.min(chunkBytes, left));
  }
}
