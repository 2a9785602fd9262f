// A chosen component is told by its name and, at the end, its code. Where its field has no room for both – in a
// row of a list, on a phone – the whole of it stands below: two components differ in the code alone.

/** Tells below each searchable choice of `body` what it cannot show whole; asked again whenever `form` changes. */
export function tellWhatIsCut(form, body) {
  let waiting;
  const tell = () => {
    waiting = undefined;
    for (const input of body.querySelectorAll(".fjs-form-field-select .fjs-input-group > input.fjs-input")) {
      const field = input.closest(".fjs-form-field-select");
      // While somebody types, it is the search that stands there.
      const cut = input.value && document.activeElement !== input && input.scrollWidth > input.clientWidth;
      if (cut) field.dataset.whole = input.value;
      else delete field.dataset.whole;
    }
  };
  const soon = () => {
    waiting ??= requestAnimationFrame(() => requestAnimationFrame(tell));
  };
  form.on("changed", soon);
  form.on("formField.blur", soon);
  form.on("formField.focus", soon);
  window.addEventListener("resize", soon);
  soon();
}
