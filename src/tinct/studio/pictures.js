// Pictures in this browser: small copies of photos, and the colours they are made of.

const THUMB = 192; // px of the longer side
export const PROXY = 1200; // px of the longer side of what previews are made on

/** A small copy, as a blob. Throws where the browser cannot decode it. */
export async function thumbnail(blob) {
  const small = await fitted(blob, THUMB);
  const canvas = new OffscreenCanvas(small.width, small.height);
  canvas.getContext("2d").drawImage(small, 0, 0);
  small.close();
  return canvas.convertToBlob({ type: "image/webp", quality: 0.85 });
}

/** A small picture of a clip's beginning, as a blob. Throws where the browser cannot play it. */
export async function firstFrame(blob) {
  const video = document.createElement("video");
  const address = URL.createObjectURL(blob);
  try {
    await new Promise((done, failed) => {
      Object.assign(video, { muted: true, preload: "auto", onloadeddata: done, onerror: () => failed(new Error("not played")), src: address });
    });
    if (!video.videoWidth) throw new Error("no picture");
    const scale = Math.min(1, THUMB / Math.max(video.videoWidth, video.videoHeight));
    const canvas = new OffscreenCanvas(Math.max(1, Math.round(video.videoWidth * scale)), Math.max(1, Math.round(video.videoHeight * scale)));
    canvas.getContext("2d").drawImage(video, 0, 0, canvas.width, canvas.height);
    return await canvas.convertToBlob({ type: "image/webp", quality: 0.85 });
  } finally {
    video.removeAttribute("src");
    video.load();
    URL.revokeObjectURL(address);
  }
}

/** A picture that has an address, as an element; throws where the browser cannot show it. */
export async function loadedFrom(url) {
  const image = new Image();
  image.src = url;
  await image.decode();
  return image;
}

/** A bitmap no longer than `side`, upright, of a blob or an element. */
export async function fitted(source, side) {
  const whole = await createImageBitmap(source, { imageOrientation: "from-image" });
  const scale = Math.min(1, side / Math.max(whole.width, whole.height));
  if (scale === 1) return whole;
  const size = { resizeWidth: Math.max(1, Math.round(whole.width * scale)), resizeHeight: Math.max(1, Math.round(whole.height * scale)) };
  const small = await createImageBitmap(whole, { ...size, resizeQuality: "high" });
  whole.close();
  return small;
}

/** Its pixels, RGBA. */
export function pixels(bitmap) {
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(bitmap, 0, 0);
  return context.getImageData(0, 0, bitmap.width, bitmap.height);
}

/**
 * The main colours of a picture, largest first: k-means in RGB from farthest points, on a small copy.
 * For a strip beside a photo; what effects work with, the server finds.
 */
export async function mainColors(source, count = 5) {
  const { data } = pixels(await fitted(source, 64));
  const points = [];
  for (let at = 0; at < data.length; at += 4) if (data[at + 3] > 127) points.push([data[at], data[at + 1], data[at + 2]]);
  if (!points.length) return [];
  const apart = (a, b) => (a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2 + (a[2] - b[2]) ** 2;
  const centres = [points[points.length >> 1]];
  while (centres.length < count) {
    let best = points[0], most = -1;
    for (const point of points) {
      const nearest = Math.min(...centres.map((centre) => apart(point, centre)));
      if (nearest > most) [best, most] = [point, nearest];
    }
    centres.push(best);
  }
  let sizes = [];
  for (let round = 0; round < 12; round += 1) {
    const sums = centres.map(() => [0, 0, 0, 0]);
    for (const point of points) {
      let nearest = 0;
      for (let i = 1; i < centres.length; i += 1) if (apart(point, centres[i]) < apart(point, centres[nearest])) nearest = i;
      const sum = sums[nearest];
      for (let i = 0; i < 3; i += 1) sum[i] += point[i];
      sum[3] += 1;
    }
    sizes = sums.map((sum) => sum[3]);
    sums.forEach((sum, i) => {
      if (sum[3]) centres[i] = sum.slice(0, 3).map((value) => value / sum[3]);
    });
  }
  return centres
    .map((centre, i) => ({ share: sizes[i] / points.length, hex: `#${centre.map((value) => Math.round(value).toString(16).padStart(2, "0")).join("").toUpperCase()}` }))
    .filter(({ share }) => share > 0)
    .sort((a, b) => b.share - a.share);
}
