// How a text grows: what each act of the reader makes of it. Plain data, no picture.
//
// A text is {prompt, ids of all tokens, start: how many of them are the prompt's, chosen: at each id
// that was generated, {by: "draw", "greedy" or "hand", settings as they were then}}. A desk is {text;
// past, the texts that undo goes back to; spot and hover, the places that are looked at: 0 to
// ids.length, null for that of the next token}.
import { drawAt, nextTokens, pickToken } from "../engine/sampling.js";

const UNDOS = 500;

export const EMPTY = { text: { prompt: "", ids: [], start: 0, chosen: [] }, past: [], spot: null, hover: null };

/** A desk on which another text lies, and the one before is remembered. */
function written(desk, text, remembered = true) {
  return { text, past: remembered ? [...desk.past, desk.text].slice(-UNDOS) : desk.past, spot: null, hover: null };
}

/** Puts a token at a place; what came after it goes. Null where nothing can be put: in the prompt,
 *  behind the end, or at the end of what the model reads, `most` tokens. */
export function placed(desk, most, { id, at, by, settings }) {
  const { prompt, ids, start, chosen } = desk.text;
  if (at < start || at >= most || at > ids.length) return null;
  const next = chosen.slice(0, at);
  next[at] = { by, settings };
  return written(desk, { prompt, ids: [...ids.slice(0, at), id], start, chosen: next });
}

/** Draws a token, or takes the most probable one. output: what the model says after the last one. */
export function stepped(desk, most, output, { settings, seed }) {
  const { ids, start } = desk.text;
  if (ids.length >= most) return null;
  const options = nextTokens(output.scores, settings);
  const id = settings.greedy ? options.order[0] : pickToken(options, drawAt(seed, ids.length - start));
  return placed(desk, most, { id, at: ids.length, by: settings.greedy ? "greedy" : "draw", settings });
}

/** The text before the last act; null if there is none. */
export function undone(desk) {
  return desk.past.length ? { ...written(desk, desk.past.at(-1), false), past: desk.past.slice(0, -1) } : null;
}

/** The prompt alone; null if it is. */
export function restarted(desk) {
  const { ids, start } = desk.text;
  return ids.length === start ? null : written(desk, { ...desk.text, ids: ids.slice(0, start), chosen: [] });
}

/** Another prompt; null if it is the same. What was generated goes. */
export function begun(desk, prompt, ids) {
  const { text } = desk;
  const grown = text.ids.length > text.start;
  if (prompt === text.prompt && !grown) return null;
  return written(desk, { prompt, ids, start: ids.length, chosen: [] }, grown);
}

/** A text from elsewhere: how its tokens were chosen is known only if they are the same. */
export function given(desk, { prompt, ids, start }) {
  const same = ids.join() === desk.text.ids.join();
  const text = { prompt, ids, start, chosen: same ? desk.text.chosen : [] };
  return same ? { ...desk, text } : { ...desk, text, spot: null };
}

/** Looks at a place; that of the next token is none to keep. */
export function lookedAt(desk, at) {
  return { ...desk, spot: at >= desk.text.ids.length ? null : at, hover: null };
}
