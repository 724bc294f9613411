// The page's language: English, or Chinese. Nothing of the DOM but that, so models may ask too.

/** True where the page is Chinese. */
export function isChinese() {
  return globalThis.document?.documentElement.lang.toLowerCase().startsWith("zh") ?? false;
}

/** The text in the page's language. */
export function t(en, zh) {
  return isChinese() ? zh : en;
}
