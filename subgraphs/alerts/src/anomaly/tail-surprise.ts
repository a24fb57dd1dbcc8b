const SQRT_TWO_PI = Math.sqrt(2 * Math.PI);
const AT_ONE_SIGMA = decades(1);

/**
 * −log10 of the chance that a normal variable lies further out than `sigmas`, by the first term of Mills' ratio: within
 * 0.03 from 3 sigmas on, where it matters. It runs linearly to 0 at the mean, because what is expected is no surprise.
 */
export function tailSurprise(sigmas: number): number {
  return sigmas < 1 ? sigmas * AT_ONE_SIGMA : decades(sigmas);
}

function decades(sigmas: number): number {
  return ((sigmas * sigmas) / 2 + Math.log(sigmas * SQRT_TWO_PI)) / Math.LN10;
}
