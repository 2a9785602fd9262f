// Numbers as people write and copy them – 1,440.00 · ¥230 · １２０ – in the number fields of a form.
//
// form-js reads a comma as a decimal point: of 12,000 typed it made 12.00. In the languages of this house a comma
// parts thousands, and our own tables show it so; what is copied from them must stay the number that it was.

const WRITTEN = /^-?\d*\.?\d*$/;
const GROUPED = /^-?\d{1,3}(,\d{3})+(\.\d*)?$/;

/** What was typed or pasted, as a plain number or the beginning of one; null for what is neither. */
export function plain(text) {
  // Full-width digits and points come from Chinese input, no-break spaces from tables.
  const half = text.normalize("NFKC").replaceAll("。", ".").replace(/\s/g, "").replace(/^(-?)¥/, "$1").replace(/元$/, "");
  if (WRITTEN.test(half)) return half;
  return GROUPED.test(half) ? half.replaceAll(",", "") : null;
}

/** Reads what is put into the number fields in `body` before form-js does. */
export function readNumbers(body) {
  const before = new WeakMap(); // input → what it held
  const field = (event) => event.target.closest?.(".fjs-form-field-number") && event.target;
  body.addEventListener("beforeinput", (event) => {
    const input = field(event);
    if (!input || event.isComposing) return;
    before.set(input, input.value);
    // A comma that is typed parts thousands or nothing; the digits around it are there to be seen.
    if (event.inputType === "insertText" && /^[,，]$/.test(event.data)) event.preventDefault();
  }, true);
  // The same comma by its key: form-js, which is asked next, would take it for a point.
  body.addEventListener("keypress", (event) => {
    if (field(event) && /^[,，]$/.test(event.key)) event.preventDefault();
  }, true);
  const read = (event) => {
    const input = field(event);
    if (!input) return;
    // What an input method is still making is nobody's number yet.
    if (event.isComposing) return event.stopPropagation();
    const text = plain(input.value) ?? before.get(input) ?? "";
    if (text === input.value) return;
    const after = input.value.length - input.selectionEnd;
    input.value = text;
    const caret = Math.max(0, text.length - after);
    input.setSelectionRange(caret, caret);
  };
  body.addEventListener("input", read, true);
  body.addEventListener("compositionstart", (event) => field(event) && before.set(event.target, event.target.value), true);
  body.addEventListener("compositionend", (event) => field(event) && event.target.dispatchEvent(new InputEvent("input", { bubbles: true })), true);
}
