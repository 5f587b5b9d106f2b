/** A seed for tfjs, whose random numbers differ for each `stream`; as a text, since tfjs takes 0 for no seed. */
export function hostSeed(seed: number | undefined, stream: string): number | undefined {
  return seed === undefined ? undefined : (`${seed}/${stream}` as unknown as number);
}
