// A page opened from a folder or in a sandboxed frame may not read its neighbours: results there come
// without summaries.
if (location.protocol === "file:" || origin === "null") DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;
document.querySelector("form.bd-search input").focus();
