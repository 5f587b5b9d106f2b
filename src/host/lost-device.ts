/** Where the browser takes a device away, nothing is computed from then on, but tfjs goes on without a word. */
export function lostDevice(backend: string, device: string): Error {
  return new Error(
    `explicit-lstm: the browser has lost its ${device}, and with it all tensors of the backend ${backend}; ` +
      'load the page anew, or make the tensors and models again on another backend',
  );
}
