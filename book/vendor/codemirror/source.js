// What the page's editor uses of CodeMirror 6 (book/run/editing.js); refresh.py joins it all.
import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from "npm:@codemirror/autocomplete@6.20.4";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "npm:@codemirror/commands@6.11.1";
import { pythonLanguage } from "npm:@codemirror/lang-python@6.2.1";
import { bracketMatching, indentOnInput, indentUnit, LanguageSupport, syntaxHighlighting } from "npm:@codemirror/language@6.13.1";
import { EditorState } from "npm:@codemirror/state@6.7.6";
import { drawSelection, EditorView, highlightActiveLine, keymap } from "npm:@codemirror/view@6.43.15";
import { classHighlighter } from "npm:@lezer/highlight@1.2.5";

export default {
  autocompletion,
  bracketMatching,
  classHighlighter,
  closeBrackets,
  closeBracketsKeymap,
  completionKeymap,
  defaultKeymap,
  drawSelection,
  EditorState,
  EditorView,
  highlightActiveLine,
  history,
  historyKeymap,
  indentOnInput,
  indentUnit,
  indentWithTab,
  keymap,
  LanguageSupport,
  pythonLanguage,
  syntaxHighlighting,
};
