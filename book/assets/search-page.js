// A page opened from a folder may not read its neighbours: results there come without summaries.
if (location.protocol === "file:") DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;
document.querySelector("form.bd-search input").focus();
