// form-js says what is wrong in English only. The page hands over the same sentences in the
// reader's language: {"Field must have minimum value of {0}.": "不能小于 {0}。", …}.

/** A function from form-js's sentence to the reader's; what the page does not know stays English. */
export function translator(messages) {
  const known = Object.entries(messages).map(([english, theirs]) => [pattern(english), theirs]);
  return (sentence) => {
    for (const [shape, theirs] of known) {
      const found = shape.exec(sentence);
      if (found) return theirs.replace(/\{(\d+)\}/g, (_, place) => found[Number(place) + 1] ?? "");
    }
    return sentence;
  };
}

function pattern(english) {
  const literal = english.split(/\{\d+\}/).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${literal.join("(.+?)")}$`, "s");
}

/** Keeps the words that form-js draws itself (buttons, placeholders) in the reader's language. */
export function translateTexts(root, translate) {
  const OURS = ".fjs-filepicker-container, .fjs-repeat-render-footer, .fjs-dropdownlist, .fjs-select-display, .fjs-select-placeholder, .fjs-taglist, .fjs-taglist-remove, .fjs-form-field-error, .fjs-table-td[colspan], .fjs-table-nav-label, .fjs-repeat-row-remove";
  // What can only be read and holds nothing says so: an empty box looks like one that failed to load.
  const EMPTY_CHOICE = ":is(.fjs-readonly, .fjs-disabled) .fjs-select-placeholder";
  const READ_ONLY = ":is(.fjs-readonly, .fjs-disabled) :is(input:not([type=checkbox], [type=radio], [type=file]), textarea)";
  const texts = (node) => {
    if (node.nodeType === Node.TEXT_NODE) {
      const trimmed = node.data.trim();
      if (trimmed && node.parentElement?.closest(OURS)) {
        const theirs = translate(node.parentElement.closest(EMPTY_CHOICE) ? "Not given" : trimmed);
        if (theirs !== trimmed) node.data = node.data.replace(trimmed, theirs);
      }
      return;
    }
    if (node.nodeType !== Node.ELEMENT_NODE) return;
    // A date, a code or a short word is one thing: the browser would break them at their hyphens.
    if (node.matches(".fjs-table-td")) node.classList.toggle("is-short", node.textContent.length <= 12);
    // Four signs are a word in Chinese; in other languages no word is broken anyway.
    if (node.matches(".fjs-table-th")) node.classList.toggle("is-short", node.textContent.length <= 4);
    if (node.matches(READ_ONLY)) node.setAttribute("placeholder", translate("Not given"));
    for (const name of ["placeholder", "title", "aria-label"]) {
      const words = node.getAttribute(name);
      if (words && translate(words) !== words) node.setAttribute(name, translate(words));
    }
    for (const child of node.childNodes) texts(child);
  };
  new MutationObserver((changes) => {
    for (const change of changes) {
      if (change.type === "characterData") texts(change.target);
      else for (const node of change.addedNodes) texts(node);
    }
  }).observe(root, { childList: true, subtree: true, characterData: true });
}
