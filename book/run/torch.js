// PyTorch in the page, an experiment of others: fetched when the reader asks for it, and checked.

const hex = (bytes) => [...new Uint8Array(bytes)].map((byte) => byte.toString(16).padStart(2, "0")).join("");

/**
 * A wheel whose digest is what the book says it is.
 * @param torch {url, sha256}
 */
export async function fetchTorch({ url, sha256 }) {
  if (!globalThis.crypto?.subtle) throw new Error("This page cannot check what it fetches: it needs https.");
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}.`);
  const archive = await answer.arrayBuffer();
  const found = hex(await crypto.subtle.digest("SHA-256", archive));
  if (found !== sha256) throw new Error(`${url} is not the file that this book expects: it was not used.`);
  return { name: decodeURIComponent(new URL(url).pathname.split("/").at(-1)), archive };
}
