// What leaving a field shows waits until the pointer is let go. form-js says "required" as soon as a field is left,
// which is while the next one is pressed: that line moved what was pressed from under the pointer, and the click was lost.

/** A field that is left is checked with the value that it has when the pointer is let go: a typed day is read by then. */
export function checkWhenLetGo(form, held) {
  let pressed = false;
  const left = new Set();
  const commands = form.get("viewerCommands");
  const theirs = commands.updateFieldInstanceValidation.bind(commands);
  commands.updateFieldInstanceValidation = (instance, value) => {
    if (pressed) left.add(instance);
    else theirs(instance, value);
  };
  addEventListener("mousedown", () => { pressed = true; }, true);
  for (const end of ["mouseup", "dragend"]) {
    addEventListener(end, () => {
      pressed = false;
      // The click comes after its mouseup.
      setTimeout(() => {
        for (const instance of left) theirs(instance, held(form, instance));
        left.clear();
      });
    }, true);
  }
}
