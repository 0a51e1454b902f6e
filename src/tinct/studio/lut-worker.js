// Applies a colour map to pixels, by tetrahedral interpolation as the server does it.

self.onmessage = ({ data: { id, data, size, nodes } }) => {
  const out = new Uint8ClampedArray(data.length);
  const last = size - 1, scale = last / 255;
  const green = size * 3, blue = size * size * 3;
  // Where each level falls between two nodes, once for all pixels.
  const first = new Int32Array(256), rest = new Float32Array(256);
  for (let level = 0; level < 256; level += 1) {
    const at = level * scale;
    first[level] = Math.min(Math.floor(at), last - 1);
    rest[level] = at - first[level];
  }
  for (let i = 0; i < data.length; i += 4) {
    const r = rest[data[i]], g = rest[data[i + 1]], b = rest[data[i + 2]];
    const at = first[data[i]] * 3 + first[data[i + 1]] * green + first[data[i + 2]] * blue;
    // From the near corner to the far one along the axes, the largest share first (Kasson et al., 1995).
    let one, two, a, m, c;
    if (r >= g) {
      if (g >= b) [one, two, a, m, c] = [3, 3 + green, r, g, b];
      else if (r >= b) [one, two, a, m, c] = [3, 3 + blue, r, b, g];
      else [one, two, a, m, c] = [blue, blue + 3, b, r, g];
    } else if (r >= b) [one, two, a, m, c] = [green, green + 3, g, r, b];
    else if (g >= b) [one, two, a, m, c] = [green, green + blue, g, b, r];
    else [one, two, a, m, c] = [blue, blue + green, b, g, r];
    const far = at + 3 + green + blue;
    for (let channel = 0; channel < 3; channel += 1) {
      const value = (1 - a) * nodes[at + channel] + (a - m) * nodes[at + one + channel] + (m - c) * nodes[at + two + channel] + c * nodes[far + channel];
      out[i + channel] = value * 255;
    }
    out[i + 3] = data[i + 3];
  }
  self.postMessage({ id, data: out }, { transfer: [out.buffer] });
};
