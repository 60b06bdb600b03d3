// Pseudo-random choices that a seed repeats.

/** Choices from a seed (mulberry32). */
export function choices(seed) {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (limit) => Math.floor(next() * limit);
  const pick = (list) => list[below(list.length)];
  return {
    below,
    pick,
    /** Whether something that happens so often (0 to 1) happens now. */
    chance: (often) => next() < often,
    /** One of the functions' results; each entry is `[weight, function]`. */
    weighted(entries) {
      let place = next() * entries.reduce((sum, [weight]) => sum + weight, 0);
      for (const [weight, make] of entries) if ((place -= weight) < 0) return make();
      return entries.at(-1)[1]();
    },
    /** Up to `most` results of `make`. */
    several: (most, make) => Array.from({ length: below(most + 1) }, make),
  };
}
